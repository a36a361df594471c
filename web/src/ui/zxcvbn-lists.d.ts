/** Lists of words by themselves: the packages have types for all of their lists together alone. */
declare module "@zxcvbn-ts/*.json.mjs" {
  const words: string[];
  export default words;
}
