import { constants, copyFile, mkdir, open, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { startChild } from '../child.ts'
import { temporaryFolder } from '../folder.ts'
import { showProgress } from '../progress.ts'
import type { GrowthVariant } from './variants.ts'

/** A file with events. Servers that are measured for longer than its start get copies. */
export type Store = string

interface Copy {
  path: string
  /** Events that turns have added. */
  added: number
}

export type Stores = ReturnType<typeof openStores>

/** Files with events, made once for a run. */
export function openStores () {
  const folder = temporaryFolder()
  let count = 0
  const newPath = async () => {
    const own = join(folder, String(++count))
    await mkdir(own)
    return join(own, 'inbox.db')
  }
  return {
    async make (done: number, pending: number): Promise<Store> {
      showProgress(`storing ${done} delivered and ${pending} pending events`)
      const path = await newPath()
      const child = startChild('growth/fill.ts', [path, String(done), String(pending)])
      await child.answer()
      await child.stop()
      showProgress('')
      return path
    },
    async copy (store: Store) {
      const path = await newPath()
      await copyFile(store, path, constants.COPYFILE_FICLONE)
      // Or the disk would be busy with it when the first turn begins.
      const file = await open(path, 'r+')
      await file.sync()
      await file.close()
      return path
    }
  }
}

/** The file for a variant's server of the next round: the one that it had, until turns have doubled what was in it. */
export function filesOf (stores: Stores, bySize: Map<number, Store>, addedInRound: number) {
  const copies = new Map<GrowthVariant, Copy>()
  return async (variant: GrowthVariant) => {
    let copy = copies.get(variant)
    if (copy === undefined || copy.added >= variant.stored) {
      if (copy !== undefined) await rm(dirname(copy.path), { recursive: true })
      copy = { path: await stores.copy(storeOf(bySize, variant.stored)), added: 0 }
      copies.set(variant, copy)
    }
    copy.added += addedInRound
    return copy.path
  }
}

function storeOf (bySize: Map<number, Store>, size: number) {
  const store = bySize.get(size)
  if (store === undefined) throw new Error(`there is no file with ${size} events`)
  return store
}
