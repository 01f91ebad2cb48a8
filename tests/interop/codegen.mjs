// What graphql-codegen makes of schema.graphql and the documents of a client, into generated/.
const config = {
  scalars: { Currency: "string", Date: "string", DateTime: "string", Decimal: "string" },
  strictScalars: true, // a scalar that is added has to be named here
  useTypeImports: true,
};

export default {
  schema: "../../schema.graphql",
  documents: "documents/*.graphql",
  generates: {
    "generated/client/": { preset: "client", config },
    "generated/operations.ts": { plugins: ["typescript-operations"], config },
    "generated/schema.ts": { plugins: ["typescript"], config },
  },
};
