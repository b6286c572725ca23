export declare const data: readonly { readonly name: string; readonly code: string }[];
export declare function samplesForBrowsers(): string[];
