import type { Stage } from '../../../ingress/dead-letter.js'
import type { UnusableReason } from '../../../ingress/unusable.js'

/**
 * What a reason means and what to do about it. `retry`: whether `deadletter retry` may take it in, once something has
 * changed; other letters hold no whole event, or are of events that the raw log holds already.
 */
export type Remedy = Readonly<{ meaning: string; remedy: string; retry: boolean }>

const remedies: Readonly<Record<UnusableReason, Remedy>> = {
  'malformed-json': {
    meaning: 'The input is no JSON.',
    remedy: 'Mend what sends it (cut off, wrong encoding?) and send it again; then discard this.',
    retry: true,
  },
  'malformed-gzip': {
    meaning: 'The input is compressed, and damaged.',
    remedy: 'Send it again from where it came; then discard this.',
    retry: true,
  },
  'not-an-envelope': {
    meaning: 'JSON, but neither an event of EventBridge, a notification, nor one of the wrappings that are read.',
    remedy:
      'Compare it with docs/ingress.md. If a later version reads it, retry; if it is no event of Genesys, discard it.',
    retry: true,
  },
  'unknown-topic': {
    meaning: 'The envelope names no topic, or one whose entity cannot be told.',
    remedy: 'Retry after an upgrade that knows the topic; or subscribe to fewer topics, and discard it.',
    retry: true,
  },
  undecodable: {
    meaning:
      'The envelope is as it should be, and the event in it is not: a field is missing or has an impossible value.',
    remedy: 'Retry after an upgrade whose decoder reads it; one of the projector comes in with `streamvane rebuild`.',
    retry: true,
  },
  'too-deep': {
    meaning: 'The JSON is nested more deeply than events of Genesys are.',
    remedy: 'Find out what sends it; discard it.',
    retry: true,
  },
  'too-large': {
    meaning: 'The event is larger than the log can hold; only its beginning is stored, with size and SHA-256.',
    remedy: 'Export the conversation in parts (`import details`) or leave it out; discard this. It cannot be retried.',
    retry: false,
  },
  'confirmation-needed': {
    meaning: 'SNS asks for a confirmation before it sends events.',
    remedy: 'Check that the topic is yours, open the SubscribeURL in it within three days, and discard it.',
    retry: false,
  },
  'too-late': {
    meaning: 'The raw log holds it, and it lies behind the late horizon of the generation.',
    remedy: '`streamvane rebuild --promote` takes it in; if the figures may stay as they are, discard it.',
    retry: false,
  },
  'too-early': {
    meaning: 'The raw log holds it, and it is stamped further ahead of its receipt than clocks differ (aheadMaxMs).',
    remedy:
      'If the stamp is right, a profile with a greater aheadMaxMs and `streamvane rebuild` take it in; else discard it.',
    retry: false,
  },
  contradictory: {
    meaning:
      'The raw log holds it, and it states a second, different end or after-call work of a session; the first counts.',
    remedy:
      'Compare the two in Genesys. A conversation that is fetched again (`import details`) replaces both; discard this.',
    retry: false,
  },
}

/** What to do about a dead letter. Reasons of later versions are told as such. */
export const remedyOf = (reason: string, stage: Stage): Remedy => {
  const known = Object.hasOwn(remedies, reason) ? remedies[reason as UnusableReason] : undefined
  if (known === undefined)
    return {
      meaning: 'A reason that this version does not know.',
      remedy: 'Look at it with the version that wrote it.',
      retry: stage === 'ingress',
    }
  return stage === 'projector' ? { ...known, retry: false } : known
}

export const reasons = Object.keys(remedies) as readonly UnusableReason[]
