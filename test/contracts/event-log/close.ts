import { expect, test } from 'vitest'
import { LogUnavailable } from '../../../src/log/event-log.js'
import { eventOf, flatten, refusal } from './rig.js'
import type { Rig } from './rig.js'

export const closeContract = ({ open, fresh, append }: Rig): void => {
  test('a stream name that begins with $ is refused', async () => {
    expect(refusal(await append('$mine', 'any', eventOf('one')))).toMatchObject({ tag: 'Refused' })
  })

  test('a closed log refuses appends, and its reads throw LogUnavailable', async () => {
    const closing = await open()
    const stream = `${fresh()}a`
    await closing.append([{ stream, expected: 'any', events: [eventOf('one')] }])
    const live = closing.subscribe({ prefixes: [stream], signal: new AbortController().signal })[Symbol.asyncIterator]()
    for (let next = await live.next(); next.value.kind !== 'caught-up';) next = await live.next()
    const waiting = expect(live.next()).rejects.toBeInstanceOf(LogUnavailable)
    await closing.close()
    await waiting
    expect(refusal((await closing.append([{ stream, expected: 'any', events: [eventOf('two')] }]))[0]).tag).toBe(
      'Refused',
    )
    await expect(flatten(closing.readStream(stream))).rejects.toBeInstanceOf(LogUnavailable)
    await expect(flatten(closing.readAll())).rejects.toBeInstanceOf(LogUnavailable)
    await expect(closing.head()).rejects.toBeInstanceOf(LogUnavailable)
    await expect(closing.streamRevision(stream)).rejects.toBeInstanceOf(LogUnavailable)
    await closing.close()
  })
}
