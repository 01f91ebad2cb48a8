// The file named by SCHEMA against eslint.config.mjs; prints a line [rule, line, message] for each fault.
import { ESLint } from "eslint";
import { readFile } from "node:fs/promises";

const code = await readFile(process.env.SCHEMA, "utf8");
const eslint = new ESLint({
  overrideConfig: { languageOptions: { parserOptions: { graphQLConfig: { schema: process.env.SCHEMA } } } },
});
for (const { messages } of await eslint.lintText(code, { filePath: "schema.graphql" }))
  for (const { ruleId, line, message } of messages) console.log(JSON.stringify([ruleId, line, message]));
