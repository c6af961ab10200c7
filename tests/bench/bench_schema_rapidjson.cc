// RapidJSON's parse plus validation: bench_schema_rapidjson SCHEMA JOB.
// RapidJSON knows draft-04: of the built-in schema it does all but format.

#include <ctime>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <rapidjson/document.h>
#include <rapidjson/schema.h>

static std::string
read(const char *path)
{
    std::ifstream      file(path);
    std::stringstream  text;

    text << file.rdbuf();

    return text.str();
}

static double
now()
{
    timespec  t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);

    return t.tv_sec * 1e9 + t.tv_nsec;
}

int
main(int argc, char **argv)
{
    if (argc != 3) {
        return 2;
    }

    const int            turns = 2000;
    std::string          job = read(argv[2]);
    rapidjson::Document  parsed;

    parsed.Parse(read(argv[1]).c_str());

    rapidjson::SchemaDocument  schema(parsed);
    double                     start = now();

    for (int i = 0; i < turns; i++) {
        rapidjson::Document         document;
        rapidjson::SchemaValidator  validator(schema);

        document.Parse(job.c_str(), job.size());

        if (document.HasParseError() || !document.Accept(validator)) {
            abort();
        }
    }

    printf("rapidjson %.1f\n", (now() - start) / turns);

    return 0;
}
