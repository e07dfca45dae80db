// The ways of ollama-js.

import { Ollama } from "ollama";
import { collect } from "./read.mjs";

const at = (url) => new Ollama({ host: url });
const model = "qwen3:8b";
const chat = (prompt) => ({ model, messages: [{ role: "user", content: prompt }] });

const ofLines = (lines) => {
  const said = lines.map((line) => line.message ?? line);
  const calls = said.flatMap((part) => part.tool_calls ?? []);
  const last = lines.at(-1);
  return {
    text: said.map((part) => part.content ?? part.response ?? "").join(""),
    tools: calls.map((call) => [call.function.name, call.function.arguments]),
    reasoning: said.map((part) => part.thinking ?? "").join(""),
    usage: [last.eval_count, last.prompt_eval_count],
    finish: last.done_reason,
    dump: lines,
  };
};

export default {
  "ollama chat": async (url, prompt) => ofLines([await at(url).chat({ ...chat(prompt), stream: false })]),
  "ollama chat stream": async (url, prompt) => ofLines(await collect(await at(url).chat({ ...chat(prompt), stream: true }))),
  "ollama generate": async (url, prompt) => ofLines([await at(url).generate({ model, prompt, stream: false })]),
  "ollama generate stream": async (url, prompt) => ofLines(await collect(await at(url).generate({ model, prompt, stream: true }))),
};
