// JSON.parse plus ajv: bench_schema_ajv.js NODE-FOLDER SCHEMA JOB

"use strict";

const fs = require("fs");
const path = require("path");
const { createRequire } = require("module");

const [folder, schema, job] = process.argv.slice(2);
const load = createRequire(path.resolve(folder, "package.json"));
const Ajv = load("ajv/dist/2020");
const addFormats = load("ajv-formats");

const ajv = new Ajv({ strict: false });
(addFormats.default || addFormats)(ajv);
const validate = ajv.compile(JSON.parse(fs.readFileSync(schema, "utf8")));
const text = fs.readFileSync(job, "utf8");
const turns = 20000;

function run() {
    const start = process.cpuUsage();

    for (let i = 0; i < turns; i++) {
        if (!validate(JSON.parse(text))) {
            throw new Error("invalid");
        }
    }

    const used = process.cpuUsage(start);
    return (used.user + used.system) * 1000 / turns;
}

run();
console.log(`ajv ${run().toFixed(1)}`);
