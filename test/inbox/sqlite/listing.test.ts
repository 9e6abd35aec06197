import { DatabaseSync } from 'node:sqlite'
import { openInbox, temporaryFile } from '../../helpers/sqlite.ts'
import { listing } from '../listing.ts'

listing('sqliteInbox', async (t) => {
  const path = temporaryFile(t)
  return {
    inbox: await openInbox(t, { path }),
    damage: (id, body) => {
      const db = new DatabaseSync(path)
      db.prepare('UPDATE bodies SET body = CAST(? AS BLOB) WHERE seq = (SELECT seq FROM events WHERE id = ?)').run(body, id)
      db.close()
    }
  }
})
