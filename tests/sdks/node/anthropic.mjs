// The ways of @anthropic-ai/sdk: messages, whole and streamed, and the helper that puts a stream together.

import Anthropic from "@anthropic-ai/sdk";
import { collect } from "./read.mjs";

const at = (url) => new Anthropic({ baseURL: url, apiKey: "none", timeout: 20_000 });
const asked = (prompt) => ({ model: "claude-sonnet-5", max_tokens: 1024, messages: [{ role: "user", content: prompt }] });
const joined = (list, type, member) => list.filter((entry) => entry.type === type).map((entry) => entry[member]).join("");

const ofMessage = (message, dump = [message]) => ({
  text: joined(message.content, "text", "text"),
  tools: message.content.filter((block) => block.type === "tool_use").map((block) => [block.name, block.input]),
  reasoning: joined(message.content, "thinking", "thinking"),
  usage: message.usage,
  finish: message.stop_reason,
  dump,
});

const ofEvents = (events) => {
  const deltas = events.filter((event) => event.type === "content_block_delta").map((event) => event.delta);
  const begun = events.filter((event) => event.type === "content_block_start").map((event) => event.content_block);
  const args = joined(deltas, "input_json_delta", "partial_json");
  const end = events.filter((event) => event.type === "message_delta").at(-1);
  return {
    text: joined(deltas, "text_delta", "text"),
    tools: begun.filter((block) => block.type === "tool_use").map((block) => [block.name, JSON.parse(args)]),
    reasoning: joined(deltas, "thinking_delta", "thinking"),
    usage: end?.usage,
    finish: end?.delta.stop_reason,
    dump: events,
  };
};

export default {
  "anthropic create": async (url, prompt) => ofMessage(await at(url).messages.create(asked(prompt))),
  "anthropic create stream": async (url, prompt) => ofEvents(await collect(await at(url).messages.create({ ...asked(prompt), stream: true }))),
  "anthropic helper": async (url, prompt) => {
    const stream = at(url).messages.stream(asked(prompt));
    const events = await collect(stream);
    return ofMessage(await stream.finalMessage(), events);
  },
};
