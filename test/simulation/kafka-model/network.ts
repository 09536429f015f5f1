import type { Chance } from '../../support/chance.js'
import { ProtocolError } from '../../support/kafka-model/broker.js'
import { ConnectionLost, type Network, type RequestName } from '../../support/kafka-model/client.js'
import type { VirtualTime } from './virtual-time.js'

/** Whose request it is. A dead instance hears nothing and sends nothing; a suspended one hears everything later. */
export type Owner = { readonly name: string; state: 'running' | 'suspended' | 'dead' | 'ended' }

type Outcome = Readonly<{ kind: 'answer'; answer: unknown } | { kind: 'error'; cause: Error }>

/** A request on its way: sent, then executed by the broker, then answered. */
export type Exchange = {
  readonly owner: Owner
  readonly connection: number
  readonly name: RequestName
  readonly execute: () => unknown
  readonly settle: (outcome: Outcome) => void
  /** Made by an instance that was suspended: it is sent when it goes on. */
  readonly isHeld: boolean
  outcome: Outcome | undefined
}

const lost: Outcome = { kind: 'error', cause: new ConnectionLost('the connection was lost') }

/**
 * The network of a simulation: the schedule decides which request the broker gets next, which answer its client gets,
 * and what is lost. Requests of one connection reach the broker in their order; a request whose client has given up may
 * reach it at any time, or never.
 */
export class SimulatedNetwork {
  /** Requests whose clients wait. */
  exchanges: Exchange[] = []
  /** Requests whose clients have died or given up, and which may still arrive. */
  orphans: Exchange[] = []
  isBrokerAway = false
  private connections = 0
  private readonly time: VirtualTime

  constructor(time: VirtualTime) {
    this.time = time
  }

  of(owner: Owner): Network {
    return {
      connect: () => {
        const connection = (this.connections += 1)
        return {
          call: <A>(name: RequestName, request: () => A) =>
            new Promise<A>((resolve, reject) => {
              if (owner.state === 'dead') return
              this.exchanges.push({
                ...{
                  owner,
                  connection,
                  name,
                  execute: request,
                  outcome: undefined,
                  isHeld: owner.state === 'suspended',
                },
                settle: (outcome) =>
                  // Only what a broker of this model answers is an answer; anything else is a fault of the simulation.
                  outcome.kind === 'answer' ? resolve(outcome.answer as A) : reject(outcome.cause),
              })
            }),
        }
      },
      pause: (ms) => this.time.sleep(ms, undefined),
    }
  }

  /** Exchanges that can go on: the first of each connection. */
  movable(): readonly Exchange[] {
    const first = new Set<number>()
    return this.exchanges.filter((exchange) => {
      if (first.has(exchange.connection)) return false
      first.add(exchange.connection)
      return exchange.owner.state === 'running' || (exchange.outcome === undefined && !exchange.isHeld)
    })
  }

  /** The broker gets the request, or the client gets the answer; `through`: the one and then the other. */
  move(exchange: Exchange, through: boolean): void {
    const { outcome } = exchange
    exchange.outcome ??= this.isBrokerAway ? lost : this.execute(exchange)
    if (outcome !== undefined || (through && exchange.owner.state === 'running'))
      this.settle(exchange, exchange.outcome)
  }

  /** The client hears that its connection is lost. What it had sent may still arrive. */
  lose(exchange: Exchange, chance: Chance): void {
    if (exchange.outcome === undefined && chance.below(2) === 0) this.orphans.push(exchange)
    this.settle(exchange, lost)
  }

  /** What a dying instance has sent may still arrive. */
  orphan(owner: Owner): void {
    for (const exchange of this.exchanges.filter((each) => each.owner === owner))
      if (exchange.outcome === undefined) this.orphans.push(exchange)
    this.exchanges = this.exchanges.filter((each) => each.owner !== owner)
  }

  arrive(orphan: Exchange): void {
    this.orphans = this.orphans.filter((each) => each !== orphan)
    if (!this.isBrokerAway) this.execute(orphan)
  }

  private execute(exchange: Exchange): Outcome {
    try {
      return { kind: 'answer', answer: exchange.execute() }
    } catch (cause) {
      if (cause instanceof ProtocolError) return { kind: 'error', cause }
      throw cause
    }
  }

  private settle(exchange: Exchange, outcome: Outcome): void {
    this.exchanges = this.exchanges.filter((each) => each !== exchange)
    exchange.settle(outcome)
  }
}
