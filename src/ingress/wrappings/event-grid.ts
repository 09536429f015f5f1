import type { Body } from '../decode/fields.js'
import { memberText } from './member-text.js'
import { eventsIn, type Unwrap } from './wrapping.js'

/** Type of the event by which Event Grid asks a webhook whether it wants its events. */
const VALIDATION = 'Microsoft.EventGrid.SubscriptionValidationEvent'

/** An event in the schema of Azure Event Grid: the event is in `data`, as JSON or as a string. */
export const eventGridEvent: Unwrap = (value, json) => {
  if (typeof value['eventType'] !== 'string' || typeof value['subject'] !== 'string') return undefined
  const { data } = value
  if (typeof data === 'string') return eventsIn(data)
  return typeof data === 'object' && data !== null ? eventsIn(memberText(json, 'data') ?? '') : undefined
}

export type GridValidation = Readonly<{ validationCode: string; validationUrl: string | undefined }>

/** What Event Grid asks to be answered with; `undefined` for any other event. */
export const gridValidation = (value: Body): GridValidation | undefined => {
  if (value['eventType'] !== VALIDATION || typeof value['data'] !== 'object' || value['data'] === null) return undefined
  const { validationCode, validationUrl } = value['data'] as Body
  return typeof validationCode === 'string'
    ? { validationCode, validationUrl: typeof validationUrl === 'string' ? validationUrl : undefined }
    : undefined
}
