import { serve } from '../../../src/app/workers/serve.js'

/** Answers with the length of a text; one text makes it fail, another ends the thread. */
serve((text: string) => {
  if (text === 'fail') throw new RangeError('told to fail')
  if (text === 'die') process.exit(3)
  return { output: text.length, transfer: [] }
})
