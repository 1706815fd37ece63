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

/** Writes THIRD-PARTY-NOTICES.txt: the licence of every package of which anything is in the bundle. */
export function thirdPartyNotices(): Plugin {
  return {
    name: "third-party-notices",
    apply: "build",
    generateBundle(_, bundle) {
      const modules = Object.values(bundle).flatMap((output) => (output.type === "chunk" ? output.moduleIds : []));
      const roots = new Set(modules.map(packageRoot).filter((root) => root !== undefined));
      const notices = [...roots].map(noticeOf).sort((a, b) => (a < b ? -1 : 1));
      const intro = "This client contains code of the following packages, unmodified, under their own licences.\n";
      this.emitFile({ type: "asset", fileName: "THIRD-PARTY-NOTICES.txt", source: [intro, ...notices].join(`\n${"-".repeat(80)}\n`) });
    },
  };
}

function packageRoot(moduleId: string): string | undefined {
  return /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(moduleId)?.[1];
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
