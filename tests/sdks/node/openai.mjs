// The ways of openai-node: chat, legacy completions, Responses, Azure.

import OpenAI, { AzureOpenAI } from "openai";
import { collect } from "./read.mjs";

const model = "gpt-4.1";
const at = (url) => new OpenAI({ baseURL: url + "/v1", apiKey: "sk-none", timeout: 20_000 });
const azureAt = (url) =>
  new AzureOpenAI({ endpoint: url, apiKey: "none", apiVersion: "2024-10-21", deployment: model, timeout: 20_000 });
const chat = (prompt) => ({ model, messages: [{ role: "system", content: "Be brief." }, { role: "user", content: prompt }] });
const streamed = (prompt) => ({ ...chat(prompt), stream: true, stream_options: { include_usage: true } });

const ofCompletion = (completion, dump = [completion]) => {
  const [{ message, finish_reason }] = completion.choices;
  return {
    text: message.content ?? "",
    tools: (message.tool_calls ?? []).map((call) => [call.function?.name, call.function?.arguments]),
    reasoning: message.reasoning_content ?? "",
    usage: completion.usage,
    finish: finish_reason,
    dump,
  };
};

const ofChunks = (chunks) => {
  const choices = chunks.flatMap((chunk) => chunk.choices);
  const calls = choices.flatMap((choice) => choice.delta.tool_calls ?? []);
  const names = calls.map((call) => call.function?.name).filter(Boolean);
  const args = calls.map((call) => call.function?.arguments ?? "").join("");
  return {
    text: choices.map((choice) => choice.delta.content ?? "").join(""),
    tools: names.map((name) => [name, args]),
    reasoning: choices.map((choice) => choice.delta.reasoning_content ?? "").join(""),
    usage: chunks.map((chunk) => chunk.usage).find(Boolean),
    finish: choices.at(-1)?.finish_reason,
    dump: chunks,
  };
};

const ofResponse = (response, dump = [response]) => ({
  text: response.output_text ?? textOf(response),
  tools: response.output.filter((item) => item.type === "function_call").map((item) => [item.name, item.arguments]),
  reasoning: response.output.flatMap((item) => (item.type === "reasoning" ? item.summary : [])).map((part) => part.text).join(""),
  usage: response.usage,
  finish: response.incomplete_details?.reason ?? response.status,
  dump,
});

const textOf = (response) =>
  response.output.flatMap((item) => item.content ?? []).map((part) => part.text ?? "").join("");

const ofEvents = (events) => {
  const told = events.filter((event) => event.type === "response.output_text.delta").map((event) => event.delta).join("");
  return { ...ofResponse(events.at(-1).response, events), text: told };
};

async function helper(stream, final, of) {
  const events = await collect(stream);
  return of(await stream[final](), events);
}

export default {
  "openai chat": async (url, prompt) => ofCompletion(await at(url).chat.completions.create(chat(prompt))),
  "openai chat stream": async (url, prompt) => ofChunks(await collect(await at(url).chat.completions.create(streamed(prompt)))),
  "openai chat helper": (url, prompt) => helper(at(url).chat.completions.stream(chat(prompt)), "finalChatCompletion", ofCompletion),
  "openai completions": async (url, prompt) => {
    const done = await at(url).completions.create({ model, prompt });
    return { text: done.choices[0].text, tools: [], usage: done.usage, finish: done.choices[0].finish_reason, dump: [done] };
  },
  "openai completions stream": async (url, prompt) => {
    const chunks = await collect(await at(url).completions.create({ model, prompt, stream: true }));
    const choices = chunks.flatMap((chunk) => chunk.choices);
    return { text: choices.map((choice) => choice.text).join(""), tools: [], finish: choices.at(-1).finish_reason, dump: chunks };
  },
  "openai responses": async (url, prompt) => ofResponse(await at(url).responses.create({ model, input: prompt })),
  "openai responses stream": async (url, prompt) => ofEvents(await collect(await at(url).responses.create({ model, input: prompt, stream: true }))),
  "openai responses helper": (url, prompt) => helper(at(url).responses.stream({ model, input: prompt }), "finalResponse", ofResponse),
  "azure chat": async (url, prompt) => ofCompletion(await azureAt(url).chat.completions.create(chat(prompt))),
  "azure chat stream": async (url, prompt) => ofChunks(await collect(await azureAt(url).chat.completions.create(streamed(prompt)))),
};
