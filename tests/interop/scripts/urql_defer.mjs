// urql: a deferred fragment comes later than the rest.
import { Client, fetchExchange, gql } from "@urql/core";
import { headers, print, run, url } from "./support.mjs";

const QUERY = gql`
  query Deferred($number: String!) {
    customerBy(key: { number: $number }) {
      number
      ... @defer { erpAccount { customerNumber } }
    }
  }
`;

const asking = process.env.ACCEPT ? { accept: process.env.ACCEPT } : {};

run(async () => {
  const client = new Client({ url, fetchOptions: { headers: { ...headers, ...asking } }, preferGetMethod: false, exchanges: [fetchExchange] });
  await new Promise((done, failed) => {
    client.query(QUERY, { number: process.env.NUMBER }).subscribe(({ data, error, hasNext }) => {
      if (error) return failed(error);
      print({ number: data.customerBy.number, account: data.customerBy.erpAccount?.customerNumber ?? null, hasNext });
      if (!hasNext) done();
    });
  });
});
