import { runEgress } from '../../../src/app/pipeline/egress/egress.js'
import type { EgressEnd } from '../../../src/app/pipeline/egress/publishing.js'
import { promote, readGenerations, startGeneration } from '../../../src/app/pipeline/generations.js'
import { decodePublication, type PublicationEvent } from '../../../src/app/pipeline/egress/publications/publication.js'
import { singleLog, type Logs } from '../../../src/app/pipeline/logs/logs.js'
import { defaultProfile } from '../../../src/domain/profile.js'
import { kpiStream, publicationsStream } from '../../../src/domain/stream-name.js'
import type { Cluster } from '../../../src/egress/kafka/cluster.js'
import type { Delivery, Sink } from '../../../src/egress/sink.js'
import { topicNames } from '../../../src/egress/topics.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { namedTopics } from '../../egress/named-topics.js'
import { chance, type Chance } from '../../support/chance.js'
import { ModelBroker } from '../../support/kafka-model/broker.js'
import { modelCluster, type RequestName } from '../../support/kafka-model/client.js'
import { modelSink } from '../../support/kafka-model/model-sink.js'
import { silent } from '../../support/pipeline.js'
import { AtLeastOnceInvariants } from './at-least-once-invariants.js'
import { Invariants, Violation, type Watcher } from './invariants.js'
import { expected, kpiEvents, TENANT } from './kpi-rows.js'
import { checkPublications } from './check-publications.js'
import { SimulatedNetwork, type Owner } from './network.js'
import { VirtualTime } from './virtual-time.js'

/** Makes the sink of one instance faulty on purpose: between the sink and the cluster, or around the sink. */
export type Mutant = Readonly<{ cluster?: (cluster: Cluster) => Cluster; sink?: (sink: Sink) => Sink }>

export type SeedOptions = Readonly<{
  mutant?: () => Mutant
  tell?: (line: string) => void
  /** Default exactly-once. */
  delivery?: Delivery
}>

/** What a run came across, so that a test can say that the schedules are not idle. */
export type Happened = Record<'steps' | 'commits' | 'crashes' | 'superseded' | 'lost' | 'timedOut', number>

const FAMILIES = ['queue', 'agent'] as const
const topics = namedTopics('model', FAMILIES)
const rowTopics = topicNames(topics.topics, FAMILIES)
const PARTITIONS = 2
const FAULTS_MAX = 14
const STEPS_MAX = 6_000

const isRead = (name: RequestName): boolean => name === 'Metadata' || name === 'ListOffsets' || name === 'Fetch'

type Instance = Owner & { end: EgressEnd | undefined; failure: Error | undefined }

/**
 * One schedule: the egress and its Kafka sink, as they are, over a KPI log in memory, against the model broker. The
 * seed decides at every request of theirs whether it arrives, is answered, is lost, or comes late, and when an instance
 * dies, is suspended, or starts beside another. Once the faults are used up everything is mended, and what is left must
 * be published. Throws a `Violation`.
 */
export const runSeed = async (seed: number, options: SeedOptions = {}): Promise<Happened> => {
  const random = chance(seed)
  const time = new VirtualTime()
  return time.during(() => new Simulation(random, time, options).run())
}

class Simulation {
  private readonly random: Chance
  private readonly time: VirtualTime
  private readonly options: SeedOptions
  private readonly network: SimulatedNetwork
  private readonly broker: ModelBroker
  private readonly invariants: Watcher
  private readonly log: EventLog = memoryLog()
  private readonly instances: Instance[] = []
  private readonly timeoutMs: number
  private readonly batchMax: number
  /** Of the KPI log, in the end. */
  private readonly events: number
  private appended = 0
  private faultsLeft: number
  private readonly happened: Happened = { steps: 0, commits: 0, crashes: 0, superseded: 0, lost: 0, timedOut: 0 }

  constructor(random: Chance, time: VirtualTime, options: SeedOptions) {
    this.random = random
    this.time = time
    this.options = options
    this.network = new SimulatedNetwork(time)
    this.timeoutMs = random.oneOf([2_000, 10_000])
    this.batchMax = random.oneOf([2, 5, 12])
    this.events = 8 + random.below(kpiEvents.length - 7)
    this.faultsLeft = random.below(FAULTS_MAX + 1)
    this.broker = new ModelBroker({
      epochMax: random.oneOf([2, 32_766]),
      fencedAs: random.oneOf(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED']),
      decided: ({ producerId }, ending) => {
        if (ending === 'abort') return
        this.happened.commits += 1
        this.tell(`the coordinator commits a transaction of producer ${producerId}`)
        this.invariants.committed(producerId)
      },
    })
    for (const topic of rowTopics) this.broker.createTopic(topic, PARTITIONS)
    this.broker.createTopic(topics.progressTopic, 1)
    const Watching = options.delivery === 'at-least-once' ? AtLeastOnceInvariants : Invariants
    this.invariants = new Watching(this.broker, rowTopics, topics.progressTopic)
  }

  async run(): Promise<Happened> {
    const { state } = await startGeneration(
      this.log,
      TENANT,
      await readGenerations(this.log, TENANT),
      defaultProfile,
      undefined,
      new Date(0),
    )
    await promote(this.log, TENANT, state, 'g1', new Date(0))
    await this.append()
    await this.started()
    while (this.faultsLeft > 0 || this.appended < this.events) await this.step(true)
    this.mend()
    while (this.invariants.committedThrough < this.lastRow) {
      if (this.inState('running').length === 0) await this.started()
      await this.step(false)
    }
    while ((await this.recordedThrough()) < this.lastRow) {
      if (this.inState('running').length === 0) await this.started()
      await this.step(false)
    }
    this.broker.writeAllMarkers()
    this.invariants.complete(this.lastRow)
    checkPublications(await this.publications(), this.broker, rowTopics, this.options.delivery ?? 'exactly-once')
    return this.happened
  }

  private async step(isFaulty: boolean): Promise<void> {
    if ((this.happened.steps += 1) > STEPS_MAX) throw new Violation('the rows were not published')
    const actions = this.actions(isFaulty)
    if (actions.length === 0) throw new Violation('nothing can go on')
    let at = this.random.below(actions.reduce((sum, [weight]) => sum + weight, 0))
    for (const [weight, act] of actions) {
      at -= weight
      if (at >= 0) continue
      await act()
      break
    }
    await this.time.settle()
    this.invariants.consume()
    for (const instance of this.instances) this.checkEnd(instance)
  }

  /** What can happen now, with weights. */
  private actions(isFaulty: boolean): readonly (readonly [weight: number, act: () => unknown])[] {
    const { network, broker, random } = this
    const actions: (readonly [number, () => unknown])[] = []
    const movable = network.movable()
    if (movable.length > 0)
      actions.push([
        60,
        () => {
          const exchange = random.oneOf(movable)
          const what = exchange.outcome === undefined ? 'broker gets' : 'client hears of'
          this.tell(`${what} ${exchange.name} of ${exchange.owner.name}`)
          // Answers of reads are rarely of interest by themselves.
          network.move(exchange, random.below(10) < (isRead(exchange.name) ? 9 : 3))
        },
      ])
    const markers = broker.pendingMarkers()
    if (markers.length > 0)
      actions.push([
        12,
        () => {
          const marker = random.oneOf(markers)
          this.tell(`marker ${marker.ending} of ${marker.producer.producerId} in ${marker.partition}`)
          broker.writeMarker(marker)
        },
      ])
    const { nextAt } = this.time
    if (nextAt !== undefined) actions.push([movable.length === 0 ? 20 : 1, () => this.pass(nextAt - this.time.nowMs)])
    if (!isFaulty) return actions
    if (this.appended < this.events) actions.push([4, () => this.append()])
    const { orphans } = network
    if (orphans.length > 0)
      actions.push([
        6,
        () => {
          const orphan = random.oneOf(orphans)
          this.tell(`broker gets, late, ${orphan.name} of ${orphan.owner.name}`)
          network.arrive(orphan)
        },
      ])
    if (this.faultsLeft > 0) for (const fault of this.faults(movable.length > 0)) actions.push(fault)
    return actions
  }

  private faults(isBusy: boolean): readonly (readonly [weight: number, act: () => unknown])[] {
    const { network, random } = this
    const running = this.inState('running')
    const suspended = this.inState('suspended')
    const alive = running.length + suspended.length
    const faults: [weight: number, what: string, act: () => unknown][] = []
    const lossy = network.exchanges.filter(({ owner }) => owner.state === 'running')
    if (lossy.length > 0)
      faults.push([3, 'connection lost', () => ((this.happened.lost += 1), network.lose(random.oneOf(lossy), random))])
    if (running.length > 0) {
      faults.push([2, 'crash', () => this.crash(random.oneOf(running))])
      faults.push([1, 'suspended', () => (random.oneOf(running).state = 'suspended')])
    }
    if (suspended.length > 0) faults.push([2, 'goes on', () => (random.oneOf(suspended).state = 'running')])
    if (alive < 2 || (alive < 3 && isBusy)) faults.push([alive === 0 ? 8 : 2, 'another starts', () => this.start()])
    faults.push([1, 'broker', () => (network.isBrokerAway = !network.isBrokerAway)])
    faults.push([1, 'compaction', () => this.broker.compact(topics.progressTopic)])
    faults.push([1, 'a long time', () => ((this.happened.timedOut += 1), this.pass(this.timeoutMs + 1))])
    return faults.map(([weight, what, act]) => [
      weight,
      () => {
        this.faultsLeft -= 1
        this.tell(what)
        return act()
      },
    ])
  }

  private inState(state: Owner['state']): readonly Instance[] {
    return this.instances.filter((instance) => instance.state === state)
  }

  private pass(ms: number): void {
    this.tell(`${ms} ms pass`)
    this.time.advance(ms)
    this.broker.advance(ms)
  }

  private async append(): Promise<void> {
    const events = kpiEvents.slice(this.appended, Math.min(this.events, this.appended + 1 + this.random.below(12)))
    this.appended += events.length
    this.tell(`the KPI log grows to ${this.appended}`)
    await this.log.append([{ stream: kpiStream(TENANT, 'g1'), expected: 'any', events }])
  }

  private start(): void {
    const mutant = this.options.mutant?.()
    const name = `instance ${this.instances.length + 1}`
    const instance: Instance = { name, state: 'running', end: undefined, failure: undefined }
    this.instances.push(instance)
    const cluster = modelCluster(this.broker, this.network.of(instance))
    const sink = modelSink(
      this.broker,
      {
        ...{ ...topics, transactionTimeoutMs: this.timeoutMs, delivery: this.options.delivery ?? 'exactly-once' },
        signs: {
          ...{ now: () => this.time.nowMs, pause: (ms) => this.time.sleep(ms, undefined) },
          ...{ isRunning: () => true, silentAfterMs: 30_000 },
        },
      },
      mutant?.cluster?.(cluster) ?? cluster,
    )
    this.tell(`${name} starts`)
    void runEgress({
      ...{ tenant: TENANT, logs: this.logsOf(instance), sink: mutant?.sink?.(sink) ?? sink },
      recordsPublications: true,
      ...{ batchMax: this.batchMax, untilCaughtUp: false, signal: new AbortController().signal },
      ...{ logger: silent, now: () => this.time.nowMs, random: () => this.random.below(1_000) / 1_000 },
      onProgress: (_, progress) => {
        // What a dead one would say, nobody hears.
        if (instance.state !== 'dead') this.invariants.told(progress)
      },
    }).then(
      (end) => (instance.end = end),
      (cause: unknown) => (instance.failure = cause instanceof Error ? cause : new Error(String(cause))),
    )
  }

  /** A dead instance records nothing, and nobody hears of it; a suspended one cannot now. */
  private logsOf(instance: Instance): Logs {
    const { log } = this
    const append: EventLog['append'] = (appends) => {
      if (instance.state === 'dead') return new Promise(() => {})
      return instance.state === 'suspended' ? Promise.reject(new Error('suspended')) : log.append(appends)
    }
    return { ...singleLog(log), publications: () => Promise.resolve({ ...log, append }) }
  }

  private async publications(): Promise<readonly PublicationEvent[]> {
    const events: PublicationEvent[] = []
    for await (const batch of this.log.readStream(publicationsStream(TENANT, 'kafka')))
      events.push(...batch.map(decodePublication))
    return events
  }

  private async recordedThrough(): Promise<number> {
    return (await this.publications()).reduce(
      (through, event) => (event.type === 'Published' ? Math.max(through, event.through) : through),
      -1,
    )
  }

  private crash(instance: Instance): void {
    this.happened.crashes += 1
    instance.state = 'dead'
    this.network.orphan(instance)
  }

  private checkEnd(instance: Instance): void {
    if (instance.failure !== undefined) throw instance.failure
    if (instance.end === undefined || instance.state === 'ended') return
    this.tell(`${instance.name} ends: ${instance.end.kind}`)
    if (instance.end.kind !== 'superseded') throw new Violation(`an egress ended: ${JSON.stringify(instance.end)}`)
    this.happened.superseded += 1
    instance.state = 'ended'
  }

  /** No more faults; what is still on its way arrives. */
  private mend(): void {
    this.tell('all is mended')
    this.network.isBrokerAway = false
    for (const orphan of this.network.orphans) this.network.arrive(orphan)
    for (const instance of this.inState('suspended')) instance.state = 'running'
  }

  private async started(): Promise<void> {
    this.start()
    await this.time.settle()
  }

  private get lastRow(): number {
    return expected.slice(0, this.events).findLastIndex((row) => row !== undefined)
  }

  private tell(line: string): void {
    this.options.tell?.(`${String(this.happened.steps).padStart(4)} ${line}`)
  }
}
