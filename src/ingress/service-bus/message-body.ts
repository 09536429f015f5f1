/** The bytes of a message, or why it has none that could be stored as they were sent. */
export type MessageBody = Readonly<{ bytes: Uint8Array }> | Readonly<{ unreadable: string }>

/** The sections of the body of an AMQP message (1.0, 3.2.6 to 3.2.8): what rhea gives for them. */
type Section = Readonly<{ typecode: number; content: unknown; multiple?: boolean }>

const DATA_SECTION = 0x75

/**
 * Data sections are what is sent by every client of Service Bus; text as an AMQP value is what some bridges send. A
 * value of another type has no bytes of its own.
 */
export const bodyOf = (body: unknown): MessageBody => {
  if (typeof body === 'string') return { bytes: Buffer.from(body, 'utf8') }
  if (body instanceof Uint8Array) return { bytes: body }
  const { typecode, content } = (body ?? {}) as Partial<Section>
  if (typecode === DATA_SECTION) {
    if (content instanceof Uint8Array) return { bytes: content }
    if (Array.isArray(content) && content.every((part): part is Uint8Array => part instanceof Uint8Array))
      return { bytes: Buffer.concat(content) }
  }
  return { unreadable: 'its body is neither data nor text: send the event as bytes, or as a string of JSON' }
}
