/**
 * Where in a trace something happened (W3C Trace Context, level 2). `traceId`: 32, `spanId`: 16 digits of lower-case
 * hexadecimal. `sampled`: spans of this trace are recorded. `state`: the header `tracestate` as it came.
 */
export type TraceContext = Readonly<{ traceId: string; spanId: string; sampled: boolean; state?: string }>

/** A `tracestate` longer than this is dropped whole: the standard asks for no more, and events keep it for ever. */
const STATE_CHARACTERS_MAX = 512

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const PRINTABLE = /^[\x20-\x7e]+$/

/**
 * Reads the headers `traceparent` and `tracestate`. `undefined` where the first is missing or malformed: the standard
 * asks to begin a new trace then. Later versions of the standard may append members to it; `00` may not.
 */
export const readTraceContext = (traceparent: string | undefined, tracestate?: string): TraceContext | undefined => {
  const [, version, traceId = '', spanId = '', flags = '', more] = TRACEPARENT.exec(traceparent ?? '') ?? []
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  const sampled = (Number.parseInt(flags, 16) & 1) === 1
  const keepsState = tracestate !== undefined && tracestate.length <= STATE_CHARACTERS_MAX && PRINTABLE.test(tracestate)
  return { traceId, spanId, sampled, ...(keepsState && { state: tracestate }) }
}

/** A context as it is stored and sent. */
export type WrittenContext = Readonly<{ traceparent: string; tracestate?: string }>

export const writeTraceContext = ({ traceId, spanId, sampled, state }: TraceContext): WrittenContext => ({
  traceparent: `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`,
  ...(state !== undefined && { tracestate: state }),
})

const TRACEPARENT_MEMBER = '"traceparent":"'

/**
 * The context in the metadata of a raw event, without parsing those that have none. Quotes within a value are escaped
 * in JSON, so no value looks like the member.
 */
export const traceContextIn = (metadata: Uint8Array): TraceContext | undefined => {
  const bytes = Buffer.from(metadata.buffer, metadata.byteOffset, metadata.byteLength)
  if (bytes.indexOf(TRACEPARENT_MEMBER) < 0) return undefined
  const { traceparent, tracestate } = JSON.parse(bytes.toString('utf8')) as Partial<WrittenContext>
  return readTraceContext(traceparent, tracestate)
}
