// The schema against naming, description and Relay rules. What is off says why.
import graphql from "@graphql-eslint/eslint-plugin";

const rule = (name) => `@graphql-eslint/${name}`;

const objects = "ObjectTypeDefinition,ObjectTypeExtension";
const [level, names] = graphql.configs["flat/schema-recommended"].rules[rule("naming-convention")];

export default [
  {
    files: ["**/*.graphql"],
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: process.env.CONFORMANCE_SCHEMA } },
    },
    plugins: { "@graphql-eslint": graphql },
    rules: {
      ...graphql.configs["flat/schema-recommended"].rules,
      ...graphql.configs["flat/schema-all"].rules,
      ...graphql.configs["flat/schema-relay"].rules,
      // An event has a type; Standard Webhooks call it so.
      [rule("naming-convention")]: [
        level,
        { ...names, [objects]: { ...names[objects], ignorePattern: "^WebhookEventType$" } },
      ],
      // Connections offer `nodes` beside `edges`, and some lists are short and whole: both are lists of other things.
      // A board's entries and periods are places in it, not objects that could be asked for by id.
      [rule("relay-edge-types")]: [
        "error",
        { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
      ],
      // Fields and arguments stand in the order in which a reader wants them.
      [rule("alphabetize")]: "off",
      // Values, pages and payloads are no objects of their own; what is one implements Node, and a test of ours says so.
      [rule("strict-id-in-types")]: "off",
      // It would forbid to have mutations and subscriptions at all.
      [rule("no-root-type")]: "off",
      // Of two fields it takes one word for another (`Report.reporter`), or the thing for its name (`Reaction.reaction`).
      [rule("no-typename-prefix")]: "off",
      // A mutation's result is a union with its errors, so that there is nothing that a null would say.
      [rule("require-nullable-result-in-root")]: "off",
      // What a mutation changed comes back in its payload; the whole Query below it would be a second way to all.
      [rule("require-field-of-type-query-in-mutation-result")]: "off",
    },
  },
];
