import type { EpochMs } from '../../domain/interval.js'
import type { SeededRandom } from '../random.js'
import { iso } from '../wire/spelling.js'

/** What is published: a topic (template and the id that fills it), and a body already written as JSON. */
export type Publication = Readonly<{ at: EpochMs; template: string; id: string; body: string }>

export type EnvelopeForm = 'eventbridge' | 'notification'

/**
 * Wraps a publication as one line of JSON. EventBridge adds its own id, source and times; the notification channel
 * sends the bare inner part. Key order varies, as it does in the wild.
 */
export const wrap = (publication: Publication, form: EnvelopeForm, source: string, random: SeededRandom): string => {
  const { template, id, body, at } = publication
  const topic = template.replace('{id}', id)
  const correlation = `"metadata":{"CorrelationId":"${random.uuid()}"}`
  const swapped = random.chance(0.3)
  if (form === 'notification') {
    return swapped
      ? `{${correlation},"topicName":"${topic}","eventBody":${body},"version":"2"}`
      : `{"topicName":"${topic}","version":"2","eventBody":${body},${correlation}}`
  }
  const timestamp = iso(at + random.between(3, 90))
  const inner = swapped
    ? `{"eventBody":${body},${correlation},"topicName":"${topic}","timestamp":"${timestamp}","version":"2"}`
    : `{"topicName":"${topic}","version":"2","eventBody":${body},${correlation},"timestamp":"${timestamp}"}`
  const seconds = `${timestamp.slice(0, 19)}Z`
  const outer = `"version":"0","id":"${random.uuid()}","detail-type":"${template}","source":"${source}","account":"123456789012","time":"${seconds}","region":"eu-central-1"`
  return swapped ? `{"detail":${inner},${outer},"resources":[]}` : `{${outer},"resources":[],"detail":${inner}}`
}

/** The same body with its top-level keys in reverse order: the same content. */
export const turned = (body: string): string =>
  JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(body) as object).reverse()))
