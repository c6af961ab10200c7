"""json.loads plus fastjsonschema: bench_schema_fastjsonschema.py SCHEMA JOB

fastjsonschema knows draft-07, whose keywords the built-in schema uses alone.
"""

import json
import sys
import time

import fastjsonschema

schema = json.load(open(sys.argv[1]))
del schema["$schema"]
validate = fastjsonschema.compile(schema)
text = open(sys.argv[2]).read()
turns = 5000

start = time.process_time_ns()
for _ in range(turns):
    validate(json.loads(text))
print(f"fastjsonschema {(time.process_time_ns() - start) / turns:.1f}")
