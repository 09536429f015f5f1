import rhea, { type Message } from 'rhea'
import type { BusQueue } from './bus-queue.js'

/** Answers `com.microsoft:renew-lock` and `renew-session-lock` at `<entity>/$management`. */
export const answerManagement = (queue: BusQueue, message: Message, clock: Readonly<{ skewMs: number }>): Message => {
  const { operation } = (message.application_properties ?? {}) as { operation?: string }
  const body = message.body as Record<string, unknown>
  const answer = (statusCode: number, fields: Record<string, unknown> = {}, description = ''): Message =>
    ({
      correlation_id: message.message_id,
      application_properties: { statusCode, statusDescription: description },
      body: fields,
    }) as unknown as Message
  switch (operation) {
    case 'com.microsoft:renew-lock': {
      const until = (body['lock-tokens'] as readonly Buffer[]).map((uuid) => queue.renew(fromUuid(uuid)))
      if (until.includes(undefined)) return answer(410, {}, 'the lock is lost')
      const expirations = until.map((at) => (at as number) + clock.skewMs)
      return answer(200, { expirations: rhea.types.wrap_array(expirations, 0x83, undefined) })
    }
    case 'com.microsoft:renew-session-lock': {
      const until = queue.renewSession(String(body['session-id']))
      return until === undefined
        ? answer(410, {}, 'the session lock is lost')
        : answer(200, { expiration: new Date(until + clock.skewMs) })
    }
    default:
      return answer(501, {}, `unknown operation ${operation ?? ''}`)
  }
}

/** A lock token travels as a delivery tag with the bytes of a .NET Guid, and as an AMQP uuid with those of RFC 4122. */
const fromUuid = (uuid: Buffer): Buffer => {
  const guid = Buffer.from(uuid)
  guid.subarray(0, 4).reverse()
  guid.subarray(4, 6).reverse()
  guid.subarray(6, 8).reverse()
  return guid
}
