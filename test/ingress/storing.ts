import { deliverTo } from '../../src/ingress/ingest.js'
import type { Receipt } from '../../src/ingress/receipt.js'
import type { Batch, Deliver } from '../../src/ingress/source.js'
import { awayAndBack } from '../support/log-away.js'

/** A `deliver` that stores in a log, which can be away, and what became of each batch. */
export const storing = () => {
  const { log, reached, goAway, comeBack, failuresMore } = awayAndBack()
  const store = deliverTo({ log: reached, tenant: 'acme', now: Date.now })
  const batches: Batch[] = []
  const receipts: Receipt[] = []
  let refusals = 0
  const deliver: Deliver = async (batch) => {
    batches.push(batch)
    try {
      const receipt = await store(batch)
      receipts.push(receipt)
      return receipt
    } catch (cause) {
      refusals += 1
      throw cause
    }
  }
  return {
    deliver,
    batches,
    receipts,
    goAway,
    comeBack,
    refusals: () => refusals,
    refused: () => failuresMore(1),
    storedCount: async (): Promise<number> => {
      let count = 0
      for await (const events of log.readAll()) count += events.length
      return count
    },
  }
}
