import type { EventLog } from '../../src/log/event-log.js'
import type { Sink } from '../../src/egress/sink.js'
import type { SnapshotStore } from '../../src/app/pipeline/projector/snapshots.js'

/** The process died in mid-work. */
export class Crash extends Error {
  override readonly name = 'Crash'
}

/**
 * One life of a process. It dies at its `writes`-th durable write, either just before that is made or just after, when
 * nobody learns that it was; from then on nothing that was begun in this life reads or writes anything.
 */
export class Life {
  private left: number
  private readonly when: 'before' | 'after'
  isOver = false
  private readonly underWay = new Set<Promise<unknown>>()

  constructor(writes: number, when: 'before' | 'after') {
    this.left = writes
    this.when = when
  }

  alive(): void {
    if (this.isOver) throw new Crash('the process is dead')
  }

  async write<T>(work: () => Promise<T>): Promise<T> {
    this.alive()
    this.left -= 1
    const isLast = this.left <= 0
    if (isLast) this.isOver = true
    if (isLast && this.when === 'before') throw new Crash('the process died before a write')
    const working = work()
    this.underWay.add(working)
    const result = await working.finally(() => this.underWay.delete(working))
    if (isLast) throw new Crash('the process died after a write')
    return result
  }

  /**
   * Resolves when what was on its way to the disk has arrived there, as it may at a death: nobody lives again before.
   */
  async settled(): Promise<void> {
    await Promise.allSettled(this.underWay)
  }

  log(log: EventLog): EventLog {
    return {
      append: (appends) => this.write(() => log.append(appends)),
      readStream: (...args) => this.reading(log.readStream(...args)),
      readAll: (...args) => this.reading(log.readAll(...args)),
      readStreams: (...args) => this.reading(log.readStreams(...args)),
      subscribe: (...args) => this.reading(log.subscribe(...args)),
      subscribeStream: (...args) => this.reading(log.subscribeStream(...args)),
      id: async () => (this.alive(), log.id()),
      head: async () => (this.alive(), log.head()),
      erase: (stream) => this.write(() => log.erase(stream)),
      streamRevision: async (stream) => (this.alive(), log.streamRevision(stream)),
      close: () => Promise.resolve(), // the log outlives the process
    }
  }

  sink(sink: Sink): Sink {
    return {
      name: sink.name,
      connect:
        (...args) =>
        async () => (this.alive(), sink.connect(...args)()),
      write: (batch, signal) => () => this.write(() => sink.write(batch, signal)()),
      close: () => sink.close(),
    }
  }

  snapshots(store: SnapshotStore): SnapshotStore {
    return { ...store, save: (snapshot) => this.write(() => store.save(snapshot)), close: () => Promise.resolve() }
  }

  private async *reading<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
    this.alive()
    for await (const item of source) {
      this.alive()
      yield item
      this.alive()
    }
  }
}
