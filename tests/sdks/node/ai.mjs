// The ways of the AI SDK: one set of functions over a provider for each vendor.

import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, jsonSchema, streamText, tool } from "ai";
import { collect } from "./read.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false;

const find_person = tool({ description: "finds", inputSchema: jsonSchema({ type: "object", properties: {} }) });
const models = {
  openai: (url) => createOpenAI({ baseURL: url + "/v1", apiKey: "sk-none" }).chat("gpt-4.1"),
  responses: (url) => createOpenAI({ baseURL: url + "/v1", apiKey: "sk-none" }).responses("gpt-4.1"),
  anthropic: (url) => createAnthropic({ baseURL: url + "/v1", apiKey: "none" })("claude-sonnet-5"),
  google: (url) => createGoogleGenerativeAI({ baseURL: url + "/v1beta", apiKey: "none" })("gemini-2.5-flash"),
};

// Without what differs from one run to the next: times, and identifiers that the SDK makes itself.
const OWN = ["timestamp", "headers", "request", "id", "messageId", "toolCallId"];
const plain = (value) => JSON.parse(JSON.stringify(value, (name, inner) => (OWN.includes(name) ? undefined : inner)));

async function of(result, dump) {
  const calls = await result.toolCalls;
  return {
    text: await result.text,
    tools: calls.map((call) => [call.toolName, call.input]),
    reasoning: (await result.reasoningText) ?? "",
    usage: plain(await result.usage),
    finish: await result.finishReason,
    dump: plain(dump),
  };
}

async function whole(model, prompt) {
  const result = await generateText({ model, prompt, tools: { find_person } });
  return of(result, result.content);
}

async function streamed(model, prompt) {
  const result = streamText({ model, prompt, tools: { find_person }, onError: () => {} });
  const parts = await collect(result.fullStream);
  const failed = parts.find((part) => part.type === "error");
  if (failed) throw failed.error;
  return of(result, parts);
}

export default Object.fromEntries(
  Object.entries(models).flatMap(([name, model]) => [
    [`ai ${name}`, (url, prompt) => whole(model(url), prompt)],
    [`ai ${name} stream`, (url, prompt) => streamed(model(url), prompt)],
  ]),
);
