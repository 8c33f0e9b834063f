// SPDX-License-Identifier: MIT
#include <aiomisc/cli/log/json_record.h>

#include <aiomisc/cli/job/job.h>
#include <aiomisc/cli/log/base64.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace aiomisc::cli {
namespace {

using Json = nlohmann::json;

/// Takes the members of one object from the parser: those of a simple type, and lists of strings.
/// A log may have millions of records; building the whole object of each would take much longer.
class Members final : public nlohmann::json_sax<Json> {
public:
    // Each returns whether the parser is to go on: only objects are records.

    bool null() override { return other(); }

    bool boolean(bool value) override {
        if (depth_ == 1 && key_ == "final") {
            final_ = value;
        } else if (depth_ == 1 && key_ == "rerun") {
            rerun_ = value;
        }
        return other();
    }

    bool number_integer(number_integer_t value) override {
        if (depth_ == 1 && key_ == "exit") {
            exit_ = value;
        } else if (depth_ == 1 && key_ == "signal") {
            signal_ = value;
        }
        return other();
    }

    bool number_unsigned(number_unsigned_t value) override {
        if (depth_ == 1 && key_ == "seq") {
            seq_ = value;
        }
        return number_integer(static_cast<number_integer_t>(value));
    }

    bool number_float(number_float_t, const string_t&) override { return other(); }

    bool binary(binary_t&) override { return other(); }

    bool string(string_t& value) override {
        if (depth_ == 1) {
            if (std::string* const text = text_member()) {
                *text = std::move(value);
            }
        } else if (list_ != nullptr && depth_ == 2) {
            list_->push_back(std::move(value));
        }
        return depth_ > 0;
    }

    bool key(string_t& value) override {
        if (depth_ == 1) {
            key_ = std::move(value);
        }
        return true;
    }

    bool start_object(std::size_t) override {
        other();
        ++depth_;
        return true;
    }

    bool end_object() override { return end(); }

    bool start_array(std::size_t) override {
        if (depth_ == 1) {
            list_ = key_ == "args"       ? &args_.emplace()
                    : key_ == "args_b64" ? &encoded_.emplace()
                                         : nullptr;
        } else {
            other();
        }
        return depth_++ > 0;
    }

    bool end_array() override { return end(); }

    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
        return false;
    }

    [[nodiscard]] std::optional<LogRecord> record() {
        if (type_ == "job") {
            return job();
        }
        if (type_ == "begin") {
            return LoggedRun{
                .resumes = !resume_.empty(),
                .target = std::move(target_),
                .command_template = std::move(template_)};
        }
        return type_.empty() ? std::nullopt : std::optional<LogRecord>(OtherLine{});
    }

private:
    // A list is one of strings or none.
    bool other() {
        damaged_list_ = damaged_list_ || (list_ != nullptr && depth_ >= 2);
        return depth_ > 0;
    }

    bool end() {
        if (--depth_ == 1) {
            list_ = nullptr;
        }
        return true;
    }

    std::string* text_member() {
        if (key_ == "template") {
            return &template_.emplace();
        }
        if (key_ == "cmd") {
            return &command_.emplace();
        }
        if (key_ == "cmd_b64") {
            return &encoded_command_.emplace();
        }
        return key_ == "type"     ? &type_
               : key_ == "cause"  ? &cause_
               : key_ == "resume" ? &resume_
               : key_ == "target" ? &target_
                                  : nullptr;
    }

    [[nodiscard]] bool decode() {
        if (encoded_command_) {
            command_ = from_base64(*encoded_command_);
        }
        if (encoded_) {
            args_.emplace();
            for (const std::string& item : *encoded_) {
                auto decoded = from_base64(item);
                if (!decoded) {
                    return false;
                }
                args_->push_back(std::move(*decoded));
            }
        }
        return !damaged_list_;
    }

    std::optional<LogRecord> job() {
        if (!decode() || !seq_ || !is_seq(*seq_) || !exit_ || !signal_ || !final_ || !args_ ||
            !command_) {
            return std::nullopt;
        }
        if (!*final_) {
            return OtherLine{};
        }
        return LoggedJob{
            .seq = *seq_,
            .items = std::move(args_),
            .command = std::move(*command_),
            .succeeded = *exit_ == 0 && *signal_ == 0 && cause_ == to_string(Cause::kExit),
            .cancelled = cause_ == to_string(Cause::kCancelled),
            .rerun = rerun_};
    }

    std::size_t depth_ = 0;
    std::string key_;
    std::vector<std::string>* list_ = nullptr;
    bool damaged_list_ = false;

    std::string type_;
    std::string cause_;
    std::string resume_;
    std::string target_;
    std::optional<std::string> template_;
    std::optional<std::string> command_;
    std::optional<std::string> encoded_command_;
    std::optional<std::vector<std::string>> args_;
    std::optional<std::vector<std::string>> encoded_;
    std::optional<std::uint64_t> seq_;
    std::optional<std::int64_t> exit_;
    std::optional<std::int64_t> signal_;
    std::optional<bool> final_;
    bool rerun_ = false;
};

}  // namespace

std::optional<LogRecord> parse_json_record(std::string_view line) {
    Members members;
    return Json::sax_parse(line.begin(), line.end(), &members) ? members.record() : std::nullopt;
}

}  // namespace aiomisc::cli
