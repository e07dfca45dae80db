// The ways of @google/genai.

import { GoogleGenAI } from "@google/genai";
import { collect } from "./read.mjs";

const at = (url) => new GoogleGenAI({ apiKey: "none", httpOptions: { baseUrl: url, timeout: 20_000 } });
const asked = (prompt) => ({ model: "gemini-2.5-flash", contents: prompt });

const ofEvents = (events) => {
  const candidates = events.map((event) => event.candidates?.[0]).filter(Boolean);
  const parts = candidates.flatMap((candidate) => candidate.content?.parts ?? []);
  const said = (thought) => parts.filter((part) => Boolean(part.thought) === thought).map((part) => part.text ?? "").join("");
  const reasons = candidates.map((candidate) => candidate.finishReason).filter(Boolean);
  return {
    text: said(false),
    tools: parts.filter((part) => part.functionCall).map((part) => [part.functionCall.name, part.functionCall.args]),
    reasoning: said(true),
    usage: events.at(-1)?.usageMetadata,
    finish: reasons.at(-1) ?? events.at(-1)?.promptFeedback?.blockReason,
    dump: events.map(({ sdkHttpResponse, ...event }) => event),
  };
};

export default {
  "google-genai": async (url, prompt) => ofEvents([await at(url).models.generateContent(asked(prompt))]),
  "google-genai stream": async (url, prompt) => ofEvents(await collect(await at(url).models.generateContentStream(asked(prompt)))),
};
