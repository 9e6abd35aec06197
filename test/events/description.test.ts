import { test } from 'tap'
import { descriptionOf } from '../../lib/events/description.ts'

const messageOf = (fields: object, conversation: object = {}) => ({ event: 'newMessage', message: fields, conversation })

test('who wrote it is a name, or else a number or an address', (t) => {
  for (const [fields, customer, who] of [
    [{ sender: { name: 'Ada' } }, { name: 'Customer' }, 'Ada'],
    [{ sender: { name: ' Ada ' } }, {}, 'Ada'],
    [{ sender: { name: 42 } }, {}, '42'],
    [{ sender: { name: null } }, { name: 'Customer', email: 'a@b.example' }, 'Customer'],
    [{ sender: { name: '' } }, { name: ' ', phone: '+2348031234567', email: 'a@b.example' }, '+2348031234567'],
    [{}, { email: 'a@b.example' }, 'a@b.example'],
    [{ sender: { name: { first: 'Ada' } } }, { name: ['Ada'], email: true }, ''],
    [{ sender: { authUser: true } }, { name: 'Customer' }, ''],
    [{ sender: { name: 'Agent', authUser: true } }, { name: 'Customer' }, 'Agent'],
    [{ sender: 'Ada' }, 'Ada', '']
  ] as Array<[fields: object, customer: unknown, who: string]>) {
    t.equal(descriptionOf(messageOf(fields, { customer })).who, who, JSON.stringify([fields, customer]))
  }
  t.equal(descriptionOf({ event: 'smsDeliveryReport', message: null, conversation: { to: '2348031234567' } }).who, '2348031234567')
  t.end()
})

test('what is more than a text is said in words, and what is not known by its own', (t) => {
  for (const [fields, media] of [
    [{ contentType: 'TEXT' }, ''],
    [{}, ''],
    [{ contentType: '' }, ''],
    [{ contentType: 'IMAGE', content: 'my cat' }, 'picture'],
    [{ contentType: 'image' }, 'picture'],
    [{ contentType: 'AUDIO' }, 'voice note'],
    [{ contentType: 'VIDEO' }, 'video'],
    [{ contentType: 'DOCUMENT' }, 'document'],
    [{ contentType: 'STICKER' }, 'sticker'],
    [{ contentType: 'constructor' }, 'constructor'],
    [{ contentType: 5 }, ''],
    [{ contentType: 'TEXT', imageUrl: 'https://x.example/y.jpg' }, 'picture'],
    [{ contentType: null, imageUrl: '', audioUrl: 'https://x.example/y.ogg' }, 'voice note'],
    [{ videoUrl: 'https://x.example/y.mp4' }, 'video'],
    [{ documentUrl: 'https://x.example/y.pdf' }, 'document'],
    [{ documentUrl: {} }, '']
  ] as Array<[fields: object, media: string]>) t.equal(descriptionOf(messageOf(fields)).media, media, JSON.stringify(fields))
  t.end()
})

test('any event can be described', (t) => {
  for (const message of [undefined, null, 5, 'text', [], {}, { content: {}, contentType: [], sender: 5 }]) {
    for (const conversation of [undefined, null, 5, 'text', [], {}, { Channel: 5, customer: 5, to: {}, status: 5, reason: [] }]) {
      for (const event of ['newMessage', 'smsDeliveryReport', 'other']) {
        const { who, media, medium } = descriptionOf({ event, message, conversation })
        t.same([who, media], ['', ''])
        t.equal(medium, event === 'smsDeliveryReport' ? 'SMS' : '')
      }
    }
  }
  t.equal(descriptionOf(messageOf({ content: 5 }, { Channel: { medium: 7 } })).content, '5')
  t.end()
})
