import { execFile, spawn } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { ENV } from './environment.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Manifest {
  name: string
  version: string
  engines: { node: string }
  exports: Record<string, unknown>
  bin: Record<string, string>
  scripts: Record<string, string>
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
  peerDependencies: Record<string, string>
}

export function manifestOf (directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest // npm itself relies on it
}

/** Outside of the project: what is installed there cannot be found from here. */
export function temporaryDirectory (t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'oneroute-'))
  t.teardown(() => { rmSync(directory, { recursive: true, force: true }) })
  return directory
}

export interface Ended {
  code: number
  stdout: string
  /** What it wrote on both. */
  output: string
}

/** Runs a program to its end, whatever that is. */
export async function run (cwd: string, file: string, ...args: string[]): Promise<Ended> {
  return await runWith({}, cwd, file, ...args)
}

/** The same, with more in its environment. */
export async function runWith (env: Readonly<Record<string, string>>, cwd: string, file: string, ...args: string[]): Promise<Ended> {
  return await new Promise((resolve) => {
    execFile(file, args, { cwd, env: { ...ENV, ...env } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, output: stdout + stderr })
    })
  })
}

interface Packed {
  readonly tarball: string
  readonly files: string[]
}

const CACHE = join(root, 'node_modules/.cache')

/**
 * What `npm pack` makes of dist as it is: to build it anew would take it from under the other tests. It takes two seconds of a processor, so
 * it is made once for all tests, and again when a file has changed.
 */
export async function pack (): Promise<Packed> {
  const directory = join(CACHE, `packed-${lastChange()}`)
  if (!existsSync(directory)) await packInto(directory)
  return JSON.parse(readFileSync(join(directory, 'packed.json'), 'utf8')) as Packed // as it is written below
}

/** Milliseconds since the epoch. Of a file that was removed, its folder tells. */
function lastChange (): number {
  const paths = globSync(['*.md', 'LICENSE', 'package.json', '{dist,docs,examples}/**'], { cwd: root })
    .filter((path) => !path.startsWith('examples/data')) // where `npm start` keeps its events
  return Math.max(...paths.map((path) => statSync(join(root, path)).mtimeMs))
}

async function packInto (directory: string): Promise<void> {
  mkdirSync(CACHE, { recursive: true })
  const made = mkdtempSync(join(CACHE, 'packing-'))
  const { code, stdout, output } = await run(root, 'npm', 'pack', '--ignore-scripts', '--json', '--pack-destination', made)
  if (code !== 0) throw new Error(output)
  // An array, or in newer versions of npm an object by name.
  const [packed] = Object.values(JSON.parse(stdout) as Record<string, { filename: string, files: Array<{ path: string }> }>)
  if (packed === undefined) throw new Error(output)
  const result: Packed = { tarball: join(directory, packed.filename), files: packed.files.map(({ path }) => path) }
  writeFileSync(join(made, 'packed.json'), JSON.stringify(result))
  const outdated = globSync('packed-*', { cwd: CACHE }).filter((name) => name !== basename(directory))
  for (const name of outdated) rmSync(join(CACHE, name), { recursive: true, force: true })
  try {
    renameSync(made, directory)
  } catch {
    rmSync(made, { recursive: true }) // another test has made it meanwhile
  }
}

/**
 * What `npm install` would make of the package, of its dependencies and of others, in less time: for what is not about npm. Of the package
 * there is what would be published, whose names are returned. The others are links to what is installed here.
 */
export async function unpack (project: string, ...packages: string[]): Promise<string[]> {
  const { name, dependencies } = manifestOf(root)
  const { tarball, files } = await pack()
  const directory = join(project, 'node_modules', name)
  mkdirSync(directory, { recursive: true })
  const { code, output } = await run(project, 'tar', '-xzf', tarball, '--strip-components=1', '-C', directory)
  if (code !== 0) throw new Error(output)
  link(project, ...Object.keys(dependencies), ...packages)
  return files
}

/** Makes packages that are installed here known in a project. */
export function link (project: string, ...packages: string[]): void {
  for (const name of packages) {
    const path = join(project, 'node_modules', name)
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), path, 'junction')
  }
}

/** Installs packages with an empty cache, from a registry on this machine that has what is installed here. */
export async function install (t: Test, project: string, ...packages: string[]): Promise<Ended> {
  const registry = await serveInstalled(t)
  const cache = temporaryDirectory(t)
  return await run(project, 'npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--registry', registry,
    '--cache', cache, '--userconfig', join(cache, 'no-user'), '--globalconfig', join(cache, 'no-global'), ...packages)
}

async function serveInstalled (t: Test): Promise<string> {
  const packages = installed()
  const server = createServer(({ url = '', headers: { host = '' } }, response) => {
    const path = decodeURIComponent(url.slice(1))
    const versions = packages.filter(({ name }) => name === path)
    if (packages.some(({ directory }) => directory === path)) {
      spawn('tar', ['-cz', '--exclude', 'node_modules', '-f', '-', basename(path)], { cwd: join(root, dirname(path)) }).stdout.pipe(response)
    } else {
      response.writeHead(versions.length === 0 ? 404 : 200).end(JSON.stringify(describe(versions, `http://${host}`)))
    }
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.close() })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on a port, not on a pipe
}

interface Installed {
  /** 'node_modules/fastify', 'node_modules/ajv-formats/node_modules/ajv' and so on. */
  readonly directory: string
  readonly name: string
}

function installed (): Installed[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, { name?: string }> } // since npm 7
  return Object.entries(packages)
    .filter(([directory]) => directory !== '' && existsSync(join(root, directory)))
    .map(([directory, { name }]) => ({ directory, name: name ?? nameOf(directory) })) // the lock file has it where the directory is called otherwise
}

function nameOf (directory: string): string {
  return directory.slice(directory.lastIndexOf('node_modules/') + 'node_modules/'.length)
}

/** The versions of one package, as a registry lists them. The latest is the one at the top of node_modules. */
function describe (packages: readonly Installed[], url: string) {
  const manifests = packages.map(({ directory }) => ({ directory, ...manifestOf(join(root, directory)) }))
  const latest = manifests.find(({ directory, name }) => directory === `node_modules/${name}`) ?? manifests[0]
  return {
    name: latest?.name,
    'dist-tags': { latest: latest?.version },
    versions: Object.fromEntries(manifests.map(({ directory, ...manifest }) =>
      [manifest.version, { ...manifest, dist: { tarball: `${url}/${encodeURIComponent(directory)}` } }]))
  }
}
