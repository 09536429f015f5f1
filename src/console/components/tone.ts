/** How good something is. A sign and words say it too: colour alone carries no meaning. */
export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'none'
