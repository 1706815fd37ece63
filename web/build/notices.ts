import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Plugin } from "vite";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

/** Their packages carry no licence file; the text is the one beside it, of the same holder. */
const licenceBeside: Readonly<Record<string, string>> = {
  "@pipecat-ai/client-js": "@pipecat-ai/small-webrtc-transport",
};

/** What packages carry inside their own bundle, where no module id shows it. */
const inlined: Readonly<Record<string, readonly string[]>> = {
  "@daily-co/daily-js": ["@babel/runtime", "@sentry/browser", "@sentry/core", "dequal"],
};

/** Source copied into @pipecat-ai/small-webrtc-transport without a notice: MIT, as our own licence is. */
const copied = { name: "wavtools, of openai-realtime-console (MIT)", copyright: "Copyright (c) 2024 OpenAI" };

/** Writes THIRD-PARTY-NOTICES.txt: the licence of every package of which anything is in the bundle. */
export function thirdPartyNotices(): Plugin {
  return {
    name: "third-party-notices",
    apply: "build",
    generateBundle(_, bundle) {
      const modules = Object.values(bundle).flatMap((output) => (output.type === "chunk" ? output.moduleIds : []));
      const seen = modules.map(packageRoot).filter((root) => root !== undefined);
      const roots = new Set([...seen, ...seen.flatMap(inlinedIn)]);
      const notices = [...[...roots].map(noticeOf), noticeOfCopied()].sort((a, b) => (a < b ? -1 : 1));
      const intro = "This client contains code of the following packages, under their own licences.\n";
      this.emitFile({ type: "asset", fileName: "THIRD-PARTY-NOTICES.txt", source: [intro, ...notices].join(`\n${"-".repeat(80)}\n`) });
    },
  };
}

function packageRoot(moduleId: string): string | undefined {
  return /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(moduleId)?.[1];
}

function inlinedIn(root: string): string[] {
  return Object.entries(inlined).flatMap(([name, packages]) => (root.endsWith(`/${name}`) ? packages.map((p) => join(root.slice(0, -name.length), p)) : []));
}

function noticeOfCopied(): string {
  const mit = readFileSync(new URL("../../LICENSE", import.meta.url), "utf8").replace(/^Copyright .*$/m, copied.copyright);
  return `${copied.name}\n\n${mit.trim()}\n`;
}

function noticeOf(root: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
  const beside = licenceBeside[name];
  const text = licenceText(root) ?? (beside && licenceText(join(root.slice(0, -name.length), beside)));
  if (!text) throw new Error(`${name} ${version} has no licence text; see ${dirname(root)}`);
  return `${name} ${version} (${license})\n\n${text.replaceAll("\r\n", "\n").trim()}\n`;
}

function licenceText(root: string): string | undefined {
  if (!existsSync(root)) return undefined;
  const file = readdirSync(root).find((entry) => /^licen[cs]e/i.test(entry));
  return file && readFileSync(join(root, file), "utf8");
}
