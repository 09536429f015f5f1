import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { Sealing, type SealingOptions } from '../../../../src/app/operations/audit/sealing.js'
import { keepErasedLeaves } from '../../../../src/app/operations/audit/audit-log.js'
import { verifyLog, type LogReport } from '../../../../src/app/operations/audit/verify-log.js'
import { erase } from '../../../../src/app/operations/erase.js'
import { singleLog, type Logs } from '../../../../src/app/pipeline/logs/logs.js'
import { signerKeyOf, type SignerKey } from '../../../../src/audit/note.js'
import type { SignedHead } from '../../../../src/audit/tree-head.js'
import { contentId } from '../../../../src/log/content-id.js'
import { plainEvent, type EventLog, type RecordedEvent } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'

export const TENANT = 'acme'
export const key: SignerKey = signerKeyOf('acme.example/streamvane', new Uint8Array(32).fill(7)).signer
export const otherKey: SignerKey = signerKeyOf('acme.example/streamvane', new Uint8Array(32).fill(8)).signer

/** Who changes what a log gives to its readers, without its writer: an event becomes none, one or several. */
export type Tampering = (event: RecordedEvent) => readonly RecordedEvent[]

const forged = (log: EventLog, tampering: () => Tampering): EventLog => {
  async function* changed(reading: AsyncIterable<readonly RecordedEvent[]>): AsyncGenerator<readonly RecordedEvent[]> {
    for await (const batch of reading) {
      const events = batch.flatMap((event) => tampering()(plainEvent(event)))
      if (events.length > 0) yield events
    }
  }
  return {
    ...log,
    readAll: (options) => changed(log.readAll(options)),
    readStream: (stream, options) => changed(log.readStream(stream, options)),
  }
}

/** A log in memory with its data folder, sealed and verified as the commands do. */
export class SealedLog {
  readonly log = memoryLog()
  readonly data = mkdtempSync(join(tmpdir(), 'streamvane-sealed-'))
  tampering: Tampering = (event) => [event]
  readonly logs: Logs = singleLog(forged(this.log, () => this.tampering))
  #count = 0

  /** Appends so many events to a stream of the tenant. */
  async append(stream: string, count: number): Promise<void> {
    for (let nth = 0; nth < count; nth++) {
      const data = Buffer.from(JSON.stringify({ n: this.#count++ }))
      const event = { id: contentId(stream, data), type: 'tested', data, metadata: Buffer.from('{"tenant":"acme"}') }
      const [answer] = await this.log.append([{ stream, expected: 'any', events: [event] }])
      if (answer === undefined || E.isLeft(answer)) throw new Error(`not appended to ${stream}`)
    }
  }

  async seal(more: Partial<SealingOptions> = {}): Promise<readonly SignedHead[]> {
    const sealing = await Sealing.open({
      ...{ logs: this.logs, tenant: TENANT, data: this.data, key, accepted: [key.verifier], everyEvents: 1_000_000 },
      ...{ isHistoryChecked: true, now: () => Date.parse('2026-01-05T08:00:00Z') },
      signal: new AbortController().signal,
      ...more,
    })
    try {
      return await sealing.round()
    } finally {
      await sealing.close()
    }
  }

  verify(keys = [key.verifier]): Promise<LogReport> {
    const { logs, data } = this
    return verifyLog({ logs, tenant: TENANT, data, keys, signal: new AbortController().signal })
  }

  async erase(stream: string): Promise<void> {
    await erase({
      ...{ raw: this.log, tenant: TENANT, stream, entityId: stream, dryRun: false },
      deadLetters: async function* () {},
      now: () => Date.parse('2026-01-06T00:00:00Z'),
      keepLeaves: (events) => keepErasedLeaves(this.logs, TENANT, events, true),
    })
  }

  /** The raw events as they are in the log. */
  async events(): Promise<readonly RecordedEvent[]> {
    const events: RecordedEvent[] = []
    for await (const batch of this.log.readAll({ prefixes: [`${TENANT}.0`, `${TENANT}.1`, `${TENANT}.config-`] }))
      events.push(...batch)
    return events
  }

  /** Loses the hashes that are kept beside the log. */
  loseHashes(): void {
    rmSync(join(this.data, 'state'), { recursive: true, force: true })
  }

  close(): void {
    rmSync(this.data, { recursive: true, force: true })
  }
}
