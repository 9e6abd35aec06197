import { createReadStream, createWriteStream, existsSync, mkdirSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress } from 'node:zlib'
import { root } from '../../helpers/package.ts'

/** `npm ci` removes it together with the package that it comes from. */
const CHROMIUM = join(root, 'node_modules/.cache/chromium/chromium')

/**
 * Chromium, unpacked. Its package would do that, too, but a test that begins meanwhile would start half of it, and so would all later ones
 * if that was interrupted.
 */
export async function executablePath (): Promise<string> {
  if (existsSync(CHROMIUM)) return CHROMIUM
  mkdirSync(dirname(CHROMIUM), { recursive: true })
  const part = `${CHROMIUM}-${process.pid}`
  await pipeline(
    createReadStream(new URL('../bin/chromium.br', import.meta.resolve('@sparticuz/chromium'))),
    createBrotliDecompress(),
    createWriteStream(part, { mode: 0o700 })
  )
  await rename(part, CHROMIUM)
  return CHROMIUM
}
