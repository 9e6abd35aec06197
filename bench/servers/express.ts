import express, { type Request } from 'express'
import type { NewMessage } from './new-message.ts'
import { report } from './report.ts'
import { work } from './work.ts'

/**
 * The receiver on OneRoute's page, to the letter: no signature, no check, no memory. Its `res.send(200)` is from older
 * editions of Express; today's sends the status 200 all the same, and the number as a body.
 */
const app = express()
app.use(express.json())

app.post('/webhooks/oneroute', (req: Request<object, number, NewMessage>, res) => {
  work(req.body.message.content, req.body.conversation.id)
  res.send(200)
})

const server = app.listen(0, '127.0.0.1', () => { report(server) })
