// Who asks, for the Node peers: the signature, issuer and audience of a token, remembered once it was found good.

import { createVerifier } from "fast-jwt";
import { known } from "./words.mjs";

const REMEMBERED = 1024;
const claimsOf = createVerifier({
  key: known.public_key, algorithms: ["ES256"], allowedIss: known.issuer, allowedAud: known.audience, cache: REMEMBERED,
});

// Throws for a token that is not good.
export const claims = (authorization) => claimsOf((authorization ?? "").replace("Bearer ", ""));
