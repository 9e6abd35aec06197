import { randomUUID } from 'node:crypto'
import issueComment from './fixtures/issue-comment.json' with { type: 'json' }
import newMessage from './fixtures/new-message.json' with { type: 'json' }

const CONVERSATIONS = 1_000
const MOST_CONVERSATIONS = 10_000
const FIRST = Date.parse('2026-08-01T08:00:00.000Z')

/** What customers write; a few in letters beyond ASCII, which the servers have to decode the slow way. */
const phrases = [
  'Hello, is anybody there?',
  'Good morning! When will my order be delivered, please?',
  'I paid yesterday, but the app still shows "pending".',
  'Thank you very much',
  'Please call me back on this number after 5 pm today.',
  'My card was charged twice: 12,500 and 12,500 naira.',
  'Bonjour, je n’ai pas encore reçu ma commande 🙏',
  'Can I change the address of the delivery?',
  'The item that came is not the one in the picture. I want to return it.',
  'ok'
]

const conversations = Array.from({ length: MOST_CONVERSATIONS }, (_, number) => ({
  id: randomUUID(),
  customer: { name: `Customer ${number}`, email: `customer.${number}@mail.com` },
  createdAt: new Date(FIRST - number * 60_000).toISOString()
}))

let count = 0

/** Bodies as OneRoute posts them, no two alike: each is the next message of one of so many conversations. */
export function oneRouteBodies (length: number, among = CONVERSATIONS) {
  if (among > MOST_CONVERSATIONS) throw new Error(`there are ${MOST_CONVERSATIONS} conversations, got ${among}`)
  return Array.from({ length }, () => oneRouteBody(among).body)
}

/** GitHub's `issue_comment` with the same texts, its rarer fields left out until it is as long as OneRoute's event. */
export function gitHubBodies (length: number) {
  return Array.from({ length }, () => gitHubBody(++count))
}

/** So many that follow each other in a conversation of their own. */
export function oneRouteBurst (length: number) {
  const conversation = { ...pick(conversations), id: randomUUID() }
  return Array.from({ length }, () => oneRouteBodyOf(conversation, ++count))
}

/** The next one, and the number that is in its text. */
export function oneRouteBody (among: number) {
  const number = ++count
  return { number, body: oneRouteBodyOf(pick(conversations, among), number) }
}

function oneRouteBodyOf ({ id, customer, createdAt }: typeof conversations[number], number: number) {
  const at = time(number)
  const { message, conversation } = newMessage
  return JSON.stringify({
    ...newMessage,
    message: {
      ...message,
      sender: { ...message.sender, name: customer.name, lastActivity: at },
      content: text(number),
      conversation_id: id
    },
    conversation: { ...conversation, id, customer, lastMessageAt: at, createdAt, updatedAt: at }
  })
}

function gitHubBody (number: number) {
  const at = time(number)
  const { issue, comment } = issueComment
  return JSON.stringify({
    ...issueComment,
    issue: { ...issue, number: 1 + number % CONVERSATIONS, updated_at: at },
    comment: { ...comment, id: number, created_at: at, updated_at: at, body: text(number) }
  })
}

function text (number: number) {
  return `${pick(phrases)} (${number})`
}

function time (number: number) {
  return new Date(FIRST + number * 7).toISOString()
}

function pick<T> (from: T[], among = from.length) {
  const one = from[Math.floor(Math.random() * among)]
  if (one === undefined) throw new Error('nothing to pick from')
  return one
}
