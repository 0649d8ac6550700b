/** The part of css-tree that is used: its tokenizer (CSS Syntax 3, section 4), which has no dependencies. */
declare module 'css-tree/tokenizer' {
  export function tokenize(css: string, onToken: (type: number, start: number, end: number) => void): void;

  // biome-ignore format: the list is easier to read this way
  type TokenType =
    | 'Ident' | 'Function' | 'AtKeyword' | 'Hash' | 'String' | 'BadString' | 'Url' | 'BadUrl' | 'Delim' | 'Number' | 'Percentage'
    | 'Dimension' | 'WhiteSpace' | 'CDO' | 'CDC' | 'Colon' | 'Semicolon' | 'Comma' | 'LeftSquareBracket' | 'RightSquareBracket'
    | 'LeftParenthesis' | 'RightParenthesis' | 'LeftCurlyBracket' | 'RightCurlyBracket' | 'Comment';
  export const tokenTypes: Readonly<Record<TokenType, number>>;
}

declare module 'css-tree/utils' {
  interface Codec {
    decode(written: string): string;
  }
  export const ident: Codec;
  export const string: Codec;
}
