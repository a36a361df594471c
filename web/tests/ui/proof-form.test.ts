import { describe, expect, it } from "vitest";
import { proofOf } from "../../src/ui/proof-form";

describe("proofOf", () => {
  it("takes six digits, and groups as recovery codes have them, for a code", () => {
    expect(proofOf(" 492039 ")).toEqual({ code: "492039" });
    const codes = ["K3VQ-7wma-x2ud-pe5n-q6tb-4hcz", "K3VQ-7wma-x2ud-pe5n"]; // the shorter ones were made before
    for (const code of codes) expect(proofOf(code)).toEqual({ code });
  });

  it("takes all else for the password, as it was typed", () => {
    expect(proofOf(" correct horse ")).toEqual({ password: " correct horse " });
    expect(proofOf("k3vq-7wma-x2ud-pe01")).toEqual({ password: "k3vq-7wma-x2ud-pe01" });
  });

  it("says nothing where nothing was typed", () => expect(proofOf("")).toEqual({}));
});
