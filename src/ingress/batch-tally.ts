type Outcome = 'stored' | 'dead-lettered' | 'erased'

/** Counts events by the topic that they have in the log (`undefined`: none that is known), and dead letters by reason. */
export type IngestCounter = Readonly<{
  events: (topic: string | undefined, outcome: Outcome | 'duplicate', events: number) => void
  deadLetters: (byReason: ReadonlyMap<string, number>) => void
}>

type Counts = { delivered: number } & Record<Outcome, number>

/** Counts the events of one batch by topic and by what became of them. What became nothing else was a duplicate. */
export class BatchTally {
  private readonly byTopic = new Map<string | undefined, Counts>()
  private readonly letters = new Map<string, number>()

  /** An event that can be used. */
  delivered(topic: string): void {
    this.of(topic).delivered += 1
  }

  /** An event that cannot be used. */
  refused(topic: string | undefined, reason: string): void {
    const counts = this.of(topic)
    counts.delivered += 1
    counts['dead-lettered'] += 1
    this.deadLetter(reason)
  }

  /** Input that is too large to be read; `deadLetter` is told the reason. */
  unread(): void {
    const counts = this.of(undefined)
    counts.delivered += 1
    counts['dead-lettered'] += 1
  }

  deadLetter(reason: string): void {
    this.letters.set(reason, (this.letters.get(reason) ?? 0) + 1)
  }

  became(topic: string, outcome: Outcome): void {
    this.of(topic)[outcome] += 1
  }

  tell(counter: IngestCounter): void {
    for (const [topic, counts] of this.byTopic) {
      const { delivered, ...outcomes } = counts
      for (const outcome of ['stored', 'dead-lettered', 'erased'] as const)
        counter.events(topic, outcome, outcomes[outcome])
      counter.events(topic, 'duplicate', delivered - outcomes.stored - outcomes['dead-lettered'] - outcomes.erased)
    }
    if (this.letters.size > 0) counter.deadLetters(this.letters)
  }

  private of(topic: string | undefined): Counts {
    let counts = this.byTopic.get(topic)
    if (counts === undefined)
      this.byTopic.set(topic, (counts = { delivered: 0, stored: 0, 'dead-lettered': 0, erased: 0 }))
    return counts
  }
}
