// Judges as ajv does.  Each line of the input is {"schema", "bodies"}; the
// answer is a line with an array of verdicts, or a string: why the schema does
// not compile.

"use strict";

const path = require("path");
const { createRequire } = require("module");
const readline = require("readline");

const load = createRequire(path.resolve(process.argv[2], "package.json"));
const Ajv = load("ajv/dist/2020");
const addFormats = load("ajv-formats");

readline.createInterface({ input: process.stdin }).on("line", (line) => {
    const { schema, bodies } = JSON.parse(line);
    let answer;

    try {
        const ajv = new Ajv({ strict: false, logger: false });

        (addFormats.default || addFormats)(ajv);

        const validate = ajv.compile(schema);

        answer = bodies.map((body) => validate(JSON.parse(body)));
    } catch (error) {
        answer = String(error);
    }

    process.stdout.write(JSON.stringify(answer) + "\n");
});
