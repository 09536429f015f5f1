import type { EpochMs } from '../../domain/interval.js'
import { turned, wrap, type EnvelopeForm, type Publication } from './envelope.js'
import type { ResolvedOptions } from '../options.js'
import type { SeededRandom } from '../random.js'
import { TimeHeap } from '../time-heap.js'

/** A line as it arrives: one JSON envelope, without a newline. */
export type Delivery = Readonly<{ deliverAtMs: EpochMs; line: string }>

/** `body` is JSON already. */
export type Publish = (at: EpochMs, template: string, id: string, body: string) => void

export type DeliveryCounts = { lines: number; duplicates: number; reordered: number; late: number }

const reorderMaxMs = 120_000

/** Delivery from Genesys to the ingress: a small delay for all events, and the requested disorder. */
export class DeliveryLane {
  readonly counts: DeliveryCounts = { lines: 0, duplicates: 0, reordered: 0, late: 0 }
  readonly #options: ResolvedOptions
  readonly #source: string
  readonly #random: SeededRandom
  readonly #underway = new TimeHeap<Delivery>()

  constructor(options: ResolvedOptions, orgId: string, random: SeededRandom) {
    this.#options = options
    this.#source = `aws.partner/genesys.com/cloud/${orgId}/streamvane-simulation`
    this.#random = random
  }

  /** The next line that has arrived by `until`. */
  popDue(until: EpochMs): Delivery | undefined {
    return this.#underway.nextAt <= until ? this.#underway.pop() : undefined
  }

  /** Sends it, so that it arrives after `now`. Stamps may lie some milliseconds before or after `now`. */
  send(now: EpochMs, publication: Publication): void {
    const { duplicates, reorder, lateness, envelope } = this.#options
    const random = this.#random
    let at = Math.max(now, publication.at) + random.between(20, 400)
    if (reorder > 0 && random.chance(reorder)) {
      at += random.between(1, reorderMaxMs)
      this.counts.reordered += 1
    }
    if (lateness.share > 0 && random.chance(lateness.share)) {
      at += random.between(1, Math.max(1, lateness.maxMs))
      this.counts.late += 1
    }
    const form: EnvelopeForm = envelope === 'mixed' ? (random.chance(0.5) ? 'eventbridge' : 'notification') : envelope
    this.#arrive(at, publication, form)
    if (duplicates > 0 && random.chance(duplicates)) {
      const again = { ...publication, body: random.chance(0.3) ? turned(publication.body) : publication.body }
      this.#arrive(at + random.exponentialMs(10_000), again, random.chance(0.5) ? 'eventbridge' : 'notification')
      this.counts.duplicates += 1
    }
  }

  #arrive(deliverAtMs: EpochMs, publication: Publication, form: EnvelopeForm): void {
    this.#underway.push(deliverAtMs, { deliverAtMs, line: wrap(publication, form, this.#source, this.#random) })
    this.counts.lines += 1
  }
}
