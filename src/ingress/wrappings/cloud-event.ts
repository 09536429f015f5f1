import { memberText } from './member-text.js'
import { asItself, eventsIn, eventsInBase64, type Unwrap } from './wrapping.js'

/**
 * A CloudEvent in structured mode (cloudevents.io, JSON format 1.0): the event is in `data`, as JSON or as a string, or
 * in `data_base64`.
 */
export const cloudEvent: Unwrap = (value, json) => {
  if (typeof value['specversion'] !== 'string') return undefined
  const { data, data_base64: base64 } = value
  if (typeof data === 'string') return eventsIn(data)
  if (data !== undefined && data !== null) return eventsIn(memberText(json, 'data') ?? '')
  return [...(typeof base64 === 'string' ? eventsInBase64(base64) : [asItself({ data })])]
}
