import type { JSX } from 'preact'
import { CopyButtons } from './copy'
import { attachmentsOf, hostOf, textIn } from './said'
import type { Attachment } from './said'
import type { Detail } from './types'

/** What a customer wrote or sent. The page loads none of it. */
export function Said ({ detail: { event, media } }: { detail: Detail }): JSX.Element | null {
  const text = textIn(event)
  const attachments = attachmentsOf(event)
  if (text === '' && media === '' && attachments.length === 0) return null
  return (
    <section class='said-in-full' aria-label='What was written'>
      {media !== '' && attachments.length === 0 && <p class='media'>{media}</p>}
      {text !== '' && <p class='text' dir='auto' tabIndex={0}>{text}</p>}
      {attachments.map((attachment) => <Attached key={attachment.kind} attachment={attachment} />)}
    </section>
  )
}

function Attached ({ attachment: { kind, url } }: { attachment: Attachment }): JSX.Element {
  const host = hostOf(url)
  return (
    <div class='attachment'>
      <span class='media'>{kind}</span> <code><bdi dir='ltr'>{url}</bdi></code>
      <CopyButtons of={[{ label: 'Copy address', text: () => url }]}>
        {host !== null && <a href={url} target='_blank' rel='noreferrer noopener'>Open at <bdi dir='ltr'>{host}</bdi></a>}
      </CopyButtons>
    </div>
  )
}
