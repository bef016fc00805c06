/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/energy_error_words.c - the stable words of causes, verdicts and stops, as records have them. */
#include "procedures/energy_error_eval.h"

const char *ee_cause_word(enum ee_cause cause)
{
	switch (cause) {
	case EE_CAUSE_NONE:
		return "none";
	case EE_NO_PULSES:
		return "no_pulses";
	case EE_TOO_FEW_PULSES:
		return "too_few_pulses";
	case EE_MISSED_OR_SPURIOUS:
		return "missed_or_spurious_pulses";
	case EE_AMBIGUOUS_NUMBERING:
		return "ambiguous_numbering";
	case EE_UNSTABLE_PULSES:
		return "unstable_pulses";
	case EE_WRONG_KH:
		return "wrong_kh";
	case EE_WRONG_FORM:
		return "wrong_form";
	case EE_GROSS_ERROR:
		return "gross_error";
	case EE_REFERENCE_SILENT:
		return "reference_silent";
	case EE_REFERENCE_OVERLOAD:
		return "reference_overload";
	case EE_RANGE_CHANGED:
		return "range_changed";
	case EE_CONSTANT_CHANGED:
		return "constant_changed";
	case EE_ENERGY_SIGN:
		return "energy_sign";
	case EE_ENERGY_POWER_MISMATCH:
		return "energy_power_mismatch";
	case EE_SEQUENCE_GAP:
		return "sequence_gap";
	case EE_READER_LOSS:
		return "reader_loss";
	case EE_CLOCK_MAP:
		return "clock_map";
	case EE_SETPOINT_LEFT:
		return "setpoint_left";
	case EE_INSTRUMENT_FAILED:
		return "instrument_failed";
	case EE_SOURCE_EVENT:
		return "source_event";
	case EE_ABORTED:
		return "aborted";
	case EE_CAUSES:
		break;
	}
	return "unknown";
}

bool ee_cause_is_common(enum ee_cause cause)
{
	return cause >= EE_REFERENCE_SILENT && cause < EE_CAUSES;
}

const char *ee_verdict_word(enum ee_verdict verdict)
{
	switch (verdict) {
	case EE_NOT_RUN:
		return "not_run";
	case EE_CONFORMING:
		return "conforming";
	case EE_NONCONFORMING:
		return "nonconforming";
	case EE_INCONCLUSIVE:
		return "inconclusive";
	case EE_VOID:
		return "void";
	case EE_ABORTED_RUN:
		return "aborted";
	}
	return "unknown";
}

const char *ee_stop_word(enum ee_stop stop)
{
	switch (stop) {
	case EE_GO_ON:
		return "go_on";
	case EE_STOP_GUARANTEED:
		return "guaranteed";
	case EE_STOP_NO_MORE_INFORMATION:
		return "no_more_information";
	case EE_STOP_CAP:
		return "cap";
	case EE_STOP_VOID:
		return "void";
	}
	return "unknown";
}
