// A directory that speaks OpenID Connect, by the npm package `oidc-provider`: everybody signs in under any name, and those
// whose name begins with `desk-` are in the group `konf-desk`.
import { createServer } from "node:http";
import Provider from "oidc-provider";

/// Listens; `open` says who may use it, and where they come back to.
export async function provider() {
  const server = createServer();
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address();
  return { port, open: (redirect) => server.on("request", of(`http://127.0.0.1:${port}`, redirect).callback()) };
}

function of(issuer, redirect) {
  return new Provider(issuer, {
    clients: [{
      client_id: "konf",
      client_secret: "a secret of the tests & more",
      redirect_uris: [redirect],
      token_endpoint_auth_method: "client_secret_basic",
    }],
    pkce: { required: () => true },
    claims: { openid: ["sub"], profile: ["preferred_username", "groups"] },
    findAccount: (_, name) => ({
      accountId: name,
      claims: () => ({
        sub: name, preferred_username: name, groups: name.startsWith("desk-") ? ["konf-desk", "all"] : ["all"],
      }),
    }),
  });
}
