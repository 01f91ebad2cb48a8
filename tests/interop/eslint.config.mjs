// The rules of @graphql-eslint for schemas, recommended and relay, as schema.graphql keeps them. What is left out:
//
// strict-id-in-types  A type has an id where something can be fetched again by it. Connections, edges, values such as
//                     Money and views such as AccountStatus cannot, and would need an id that means nothing.
// relay-edge-types, listTypeCanWrapOnlyEdgeType
//                     A list of what belongs to one record and is short (its lines, its identities) is a plain list;
//                     and `nodes` beside `edges` saves the clients a level.
// relay-edge-types, shouldImplementNode
//                     Messages and entries of the timeline have no id of their own at their source.
// relay-arguments, includeBoth
//                     Lists go forwards: no source can be read backwards at the cost of one call.
import graphql from "@graphql-eslint/eslint-plugin";

const { configs, parser } = graphql;

export default [
  {
    files: ["**/*.graphql"],
    languageOptions: { parser },
    plugins: { "@graphql-eslint": graphql },
    rules: {
      ...configs["flat/schema-recommended"].rules,
      ...configs["flat/schema-relay"].rules,
      "@graphql-eslint/strict-id-in-types": "off",
      "@graphql-eslint/relay-edge-types": [
        "error",
        { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
      ],
      "@graphql-eslint/relay-arguments": ["error", { includeBoth: false }],
    },
  },
];
