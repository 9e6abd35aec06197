import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { cpus, platform, release, totalmem } from 'node:os'
import { disk } from './disk.ts'

const packages = ['fastify', 'express', '@octokit/webhooks', 'undici', 'pg', 'bullmq', 'graphile-worker', 'pg-boss']

/** Where and with what the figures were made. */
export function environment () {
  return {
    date: new Date().toISOString(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    // Not `availableParallelism`: this process may be pinned to one core by now.
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    node: process.version,
    sqlite: process.versions.sqlite,
    disk: disk(),
    packages: Object.fromEntries(packages.map((name) => [name, versionOf(name)]))
  }
}

function versionOf (name: string) {
  const path = findPackageJSON(name, import.meta.url)
  if (path === undefined) return 'unknown'
  const content: unknown = JSON.parse(readFileSync(path, 'utf8'))
  const known = typeof content === 'object' && content !== null && 'version' in content
  return known ? String(content.version) : 'unknown'
}
