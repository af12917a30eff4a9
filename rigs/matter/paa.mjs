// Writes the certificate of Matter's test attestation authority (DER) to stdout: the virtual lock's maker.
import { TestCert_PAA_NoVID_Cert } from "@matter/main/protocol";

process.stdout.write(TestCert_PAA_NoVID_Cert);
