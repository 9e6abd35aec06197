import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { DatabaseSync } from 'node:sqlite'
import type pg from 'pg'
import type { NewMessage } from '../../index.ts'

/** A block of the page that saves a message and notes the id of its event in one transaction, in a database that the inbox is not in. */
export interface NotingSaver<Given, Db> {
  open: (given: Given) => Db | Promise<Db>
  save: (db: Db, event: NewMessage, context: { id: string }) => void | Promise<void>
  removeOld: (db: Db) => void | Promise<void>
}

/** As the page has it: the blocks are in this folder. */
export async function sqliteSaver (directory: string): Promise<NotingSaver<string, DatabaseSync>> {
  return await import(pathToFileURL(join(directory, 'save-sqlite.mjs')).href) as NotingSaver<string, DatabaseSync> // as the block has it
}

export async function postgresSaver (directory: string): Promise<NotingSaver<pg.Pool, pg.Pool>> {
  return await import(pathToFileURL(join(directory, 'save-elsewhere.mjs')).href) as NotingSaver<pg.Pool, pg.Pool> // as the block has it
}
