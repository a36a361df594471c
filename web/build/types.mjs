// Writes the wire types of contract/openapi.json to src/api/schema.d.ts. An equal file is left untouched, so that
// make sees no reason to build again.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const contract = new URL("../../contract/openapi.json", import.meta.url);
const target = new URL("../src/api/schema.d.ts", import.meta.url);

// A field with a default may be left out of a request.
const types = astToString(await openapiTS(contract, { defaultNonNullable: false }));
const written = await readFile(target, "utf8").catch(() => "");
if (types !== written) await writeFile(target, types);
