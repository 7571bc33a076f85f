// A whole session of the TypeScript SDK's client: 20 calls, a notification on the GET stream, DELETE.
// Usage: node session.mjs URL. Prints one JSON object; exits non-zero if anything is not as the SDK expects it.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";

const CALLS = 20;
const PATIENCE = 10_000; // milliseconds

const url = new URL(process.argv[2]);
const transport = new StreamableHTTPClientTransport(url);
const client = new Client({ name: "journey", version: "1.0.0" });

const notified = new Promise((resolve, reject) => {
  client.setNotificationHandler(ToolListChangedNotificationSchema, resolve);
  setTimeout(() => reject(new Error("no notification on the GET stream")), PATIENCE).unref();
});

await client.connect(transport);
const { tools } = await client.listTools();
const counts = [];
const pids = new Set();
for (let call = 0; call < CALLS; call++) {
  const { structuredContent } = await client.callTool({ name: "counter", arguments: {} });
  counts.push(structuredContent.n);
  pids.add(structuredContent.pid);
}
await client.callTool({ name: "say", arguments: {} });
await notified;

const session = transport.sessionId;
await transport.terminateSession();
const after = await fetch(url, {
  method: "POST",
  headers: {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-session-id": session,
    "mcp-protocol-version": transport.protocolVersion,
  },
  body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }),
});
await after.text();
await client.close();
console.log(JSON.stringify({ tools: tools.map((tool) => tool.name), counts, pids: [...pids], after: after.status }));
