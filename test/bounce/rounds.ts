import { setTimeout as pause } from 'node:timers/promises'
import type { Chance } from '../support/chance.js'
import type { OwnBroker } from './broker.js'
import type { Consumer } from './consumer.js'
import type { Feed } from './feed.js'
import { rowTopics, TRANSACTION_TIMEOUT_MS, TRANSACTIONAL_ID, type Installation } from './installation.js'
import { transactionState } from './transaction-state.js'
import type { StageProcess } from './stage-process.js'

export type RoundKind = 'kill' | 'overlap' | 'zombie' | 'broker'

export type Field = Readonly<{
  installed: Installation
  broker: OwnBroker
  consumer: Consumer
  feed: Feed
  chance: Chance
  /** Rows that a life of the egress publishes on average before it is killed. */
  rowsPerRound: number
}>

/** Limits of what must happen; each takes seconds on an idle machine. */
const LIMIT_MS = 120_000
/** An egress that publishes nothing for so long may have nothing to publish. */
const IDLE_MS = 500
/** A process needs about so long until it publishes; kills in the start come within this time. */
const START_MS = 1_200
const JITTER_MS = 25
/** How often the egress is stopped to find it in a transaction. */
const ATTEMPTS_MAX = 1_000
/** At the end, a consumer that sees no further row for so long has seen what there is. */
const QUIET_MS = 20_000
/** The exit code of an instance that was taken over. */
const SUPERSEDED = 3

/** Does the worst to the egress and to the broker, round after round; one egress runs between two rounds. */
export class Rounds {
  kills = 0
  killsWhilePublishing = 0
  brokerKills = 0
  overlaps = 0
  zombiesFenced = 0
  readonly recoveriesMs: number[] = []
  readonly brokerRecoveriesMs: number[] = []
  /** When which round began. */
  readonly history: { kind: RoundKind; atMs: number }[] = []
  private readonly field: Field
  private egress: StageProcess

  constructor(field: Field) {
    this.field = field
    this.egress = field.installed.startEgress()
  }

  async round(kind: RoundKind): Promise<void> {
    this.history.push({ kind, atMs: Date.now() })
    switch (kind) {
      case 'kill':
        return this.kill()
      case 'overlap':
        return this.overlap()
      case 'zombie':
        return this.zombie()
      case 'broker':
        return this.killBroker()
    }
  }

  /** Lets the egress publish what is left, and ends it in order. `seen`: rows that the consumer has seen. */
  async finish(seen: () => number, held: number): Promise<void> {
    for (let before = -1; seen() < held && seen() > before;) {
      before = seen()
      for (let waitedMs = 0; waitedMs < QUIET_MS && seen() === before; waitedMs += 50) await pause(50)
    }
    const { code, signal } = await this.egress.endBy('SIGTERM', LIMIT_MS)
    // Everything may have been published before: then the signal can end a process that has not begun to listen.
    if (code !== 0 && signal !== 'SIGTERM') throw new Error(this.egress.report('the last egress did not end in order'))
  }

  /**
   * SIGKILL: three of five times in a transaction, else at a random moment while it publishes or while it starts. How
   * often a transaction was open is counted by what the broker says afterwards.
   */
  private async kill(): Promise<void> {
    const { chance, installed, broker } = this.field
    const moment = this.kills % 5
    if (moment === 4) await pause(Math.max(0, this.egress.startedMs + chance.below(START_MS) - Date.now()))
    else if (moment === 1) await this.publishing()
    else await this.asleepInTransaction()
    this.egress.kill('SIGKILL')
    const killedMs = Date.now()
    await this.egress.ended
    this.kills += 1
    // Before a successor is started: whatever is open now was left open by the one that is dead.
    if (isPublishing(await transactionState(broker.brokers[0] ?? '', TRANSACTIONAL_ID))) this.killsWhilePublishing += 1
    this.egress = installed.startEgress()
    this.measure(this.recoveriesMs, killedMs, killedMs, this.kills)
  }

  /** Two instances started together. Each fences the other; the one that comes later wins. */
  private async overlap(): Promise<void> {
    const { installed } = this.field
    await this.publishing()
    await this.egress.endBy('SIGTERM', LIMIT_MS)
    const both = [installed.startEgress('--take-over'), installed.startEgress('--take-over')] as const
    const { loser, winner, code } = await Promise.race([
      both[0].ended.then(({ code }) => ({ loser: both[0], winner: both[1], code })),
      both[1].ended.then(({ code }) => ({ loser: both[1], winner: both[0], code })),
      pause(LIMIT_MS, undefined, { ref: false }).then(() => Promise.reject(new Error('of two egresses none gave way'))),
    ])
    if (code !== SUPERSEDED)
      throw new Error(loser.report('of two egresses one ended, but not as one that was overtaken'))
    this.egress = winner
    await this.publishesOn(winner)
    this.overlaps += 1
  }

  /** An instance sleeps in a transaction past its time-out, another goes on, and the first one wakes up. */
  private async zombie(): Promise<void> {
    const { installed } = this.field
    await this.asleepInTransaction()
    const sleptMs = Date.now()
    const zombie = this.egress
    this.egress = installed.startEgress('--take-over')
    await this.publishesOn(this.egress)
    await pause(Math.max(0, sleptMs + 2 * TRANSACTION_TIMEOUT_MS - Date.now()))
    const { code } = await zombie.endBy('SIGCONT', LIMIT_MS)
    if (code !== SUPERSEDED) throw new Error(zombie.report('a zombie woke up and was not fenced'))
    await this.publishesOn(this.egress)
    this.zombiesFenced += 1
  }

  /** SIGKILL of the broker while the egress publishes; the same process of the egress goes on afterwards. */
  private async killBroker(): Promise<void> {
    const { broker } = this.field
    await this.publishing()
    await broker.kill9()
    this.brokerKills += 1
    const killedMs = Date.now()
    await broker.restart()
    this.measure(this.brokerRecoveriesMs, killedMs, Date.now(), this.kills)
    await this.publishesOn(this.egress)
  }

  /** Stops the egress (SIGSTOP) at a moment when the broker has a transaction of it open. */
  private async asleepInTransaction(): Promise<void> {
    const { broker, chance } = this.field
    await this.publishing()
    for (let attempt = 0; ; attempt++) {
      this.egress.kill('SIGSTOP')
      if (isPublishing(await transactionState(broker.brokers[0] ?? '', TRANSACTIONAL_ID))) return
      if (attempt === ATTEMPTS_MAX)
        throw new Error(this.egress.report('the egress was never seen with an open transaction'))
      this.egress.kill('SIGCONT')
      if (attempt % 20 === 19) await this.publishesOn(this.egress)
      else await pause(chance.below(JITTER_MS))
    }
  }

  /** Resolves at a random moment while the egress publishes. */
  private async publishing(): Promise<void> {
    const { chance, rowsPerRound } = this.field
    await this.publishesOn(this.egress, 1 + chance.below(2 * rowsPerRound))
    await pause(chance.below(JITTER_MS))
  }

  /** Resolves when this egress has published so many more rows; it may have come to the end of the log before. */
  private async publishesOn(egress: StageProcess, rows = 1): Promise<void> {
    const { feed } = this.field
    const goal = egress.done + rows
    for (let triesLeft = LIMIT_MS / IDLE_MS; egress.done < goal; triesLeft--) {
      const before = egress.done
      if (await egress.until(() => egress.done > before, IDLE_MS)) continue
      if (triesLeft <= 0) throw new Error(egress.report(`egress ${egress.pid} publishes nothing`))
      feed.growBy(goal - egress.done)
    }
  }

  /** Keeps how long it takes until a row arrives that was published after `diedMs`, if nothing else is killed before. */
  private measure(into: number[], diedMs: number, sinceMs: number, kills: number): void {
    void this.field.consumer.firstPublishedAfter(diedMs).then(({ arrivedMs }) => {
      if (this.kills === kills) into.push(Math.max(0, arrivedMs - sinceMs))
    })
  }
}

/** Claims of the progress are transactions too, but hold no rows. */
const isPublishing = (found: Awaited<ReturnType<typeof transactionState>>): boolean =>
  found?.state === 'Ongoing' && found.topics.some((topic) => rowTopics.includes(topic))
